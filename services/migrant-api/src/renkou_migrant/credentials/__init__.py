"""The certificate itself: signed, disclosed, packed, printed, verified (流动人口婚育证明的签发与核验).

Nothing in this package reads a database, a clock or a network: everything comes in as an argument, so that
the same code runs in the service, in the command line and on a verifier's machine that is offline.

    jws          compact JWS with ES256 and EdDSA
    groups       the six disclosure groups and what each may hold
    sdjwt        the certificate as an SD-JWT VC: issue, choose what is shown, parse, check
    status_list  which certificates are revoked, as a signed bit list
    trust        which districts exist and which keys are theirs, as a signed and numbered list
    verifier     all of the above together: valid, refused or unknown, with the reason
    qr           the same bytes packed for paper
    document     one A4 page
    text         the same as text
    verify       command line: verify without a network
    trust_tool   command line: sign a trust list
"""
