"""The certificate itself: signed, disclosed, packed, printed, verified (流动人口婚育证明的签发与核验).

Nothing in this package reads a database, a clock or a network: everything comes in as an argument, so that
the same code runs in the service, in the command line and on a verifier's machine that is offline.

    jws          compact JWS with ES256 and EdDSA
    groups       the six disclosure groups and what each may hold
    sdjwt        the certificate as an SD-JWT VC: issue, choose what is shown, parse, check
    holder       the holder's own key and the proof of having it
    own_keys     which of a district's keys signs now
    status_list  which certificates are revoked, as a signed bit list
    trust        which districts exist and which keys are theirs, as a signed and numbered list
    verifier     all of the above together: valid, refused or unknown, with the reason
    packing      the same bytes packed for paper (packed_values, base45, cbor)
    qr           the picture of it
    document     one A4 page
    text         the same as text
    material     what an offline verifier keeps, newer lists only
    verify       command line: verify without a network
    material_tool  command line: keep the lists
    trust_tool   command line: sign a trust list
"""
