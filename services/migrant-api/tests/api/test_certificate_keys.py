"""The administrator sees the keys that sign certificates, and stops one that somebody else may hold."""

from renkou_common.identity.roles import Role

from .offices import Office, Staff


async def test_keys_are_listed_without_their_private_part(home: Office) -> None:
    administrator = await home.staff(Role.ADMINISTRATOR)
    (key,) = (await administrator.get("/certificate-keys")).json()["items"]
    assert (key["kid"], key["algorithm"]) == ("340103-1", "ES256")
    assert (key["listed"], key["signs"], key["compromised_at"]) == (True, True, None)
    assert not {"d", "jwk"} & set(key)


async def test_only_the_administrator_declares_a_key_compromised(clerk: Staff, home: Office) -> None:
    body = {"reason": "备份遗失"}
    assert (await clerk.post("/certificate-keys/340103-1/compromise", body)).status_code == 403
    administrator = await home.staff(Role.ADMINISTRATOR)
    unknown = await administrator.post("/certificate-keys/340103-9/compromise", body)
    assert unknown.status_code == 404
    wordless = await administrator.post("/certificate-keys/340103-1/compromise", {})
    assert wordless.status_code == 422
