"""From where a request comes, as far as the connection tells: for the record of sign-ins and for throttling."""

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Annotated

from fastapi import Depends, Request

_LONGEST_AGENT = 200


@dataclass(frozen=True, slots=True)
class Client:
    """Network address and program of a caller; both are what the other side says and prove nothing."""

    address: str
    agent: str

    @property
    def network(self) -> str:
        """The address as one counts callers by it."""
        return network_of(self.address)


def network_of(address: str) -> str:
    """Return an address as one counts callers by it: an IPv6 address by its /64, which is one customer's."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped) if mapped else f"{IPv6Address(int(found) >> 64 << 64)}/64"
    return str(found)


async def client_of(request: Request) -> Client:
    """Return the caller of a request; the program's name without control characters and shortened."""
    address = request.client.host if request.client else ""
    agent = "".join(one for one in request.headers.get("user-agent", "") if one.isprintable())
    return Client(address[:64], agent[:_LONGEST_AGENT])


CurrentClient = Annotated[Client, Depends(client_of)]
