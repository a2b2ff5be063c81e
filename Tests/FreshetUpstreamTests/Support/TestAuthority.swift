/// A certificate authority made for these tests, certificates of it, and their key: secrets of nobody.
enum TestAuthority {
    static let authority = """
        -----BEGIN CERTIFICATE-----
        MIIBqTCCAU+gAwIBAgIUK5mgrZRDr1R+CjYragaJA4J9d3wwCgYIKoZIzj0EAwIw
        ITEfMB0GA1UEAwwWRnJlc2hldCB0ZXN0IGF1dGhvcml0eTAgFw0yNjExMjExMDE0
        MTZaGA8yMTI2MTAyODEwMTQxNlowITEfMB0GA1UEAwwWRnJlc2hldCB0ZXN0IGF1
        dGhvcml0eTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNgt0fRzqaaXMdGxShe1
        w7uku+HXR8RHnjbPtvnKPStoxF57bdBZWmZ5Jrd33jyjj9yPB3yiwj/AoWCTvdT0
        3PKjYzBhMB0GA1UdDgQWBBTgdqFwSmwPexPr3ZnzWwsyKffqgjAfBgNVHSMEGDAW
        gBTgdqFwSmwPexPr3ZnzWwsyKffqgjAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB
        /wQEAwICBDAKBggqhkjOPQQDAgNIADBFAiBu+iwv57uAUlYYKHRYh9SOzCtBsKu8
        FC9g7eRStIZgvgIhAPi5jSGOgXTK3NAK4f9GtuxAML0u8vUxRp4iYQ8pXM/n
        -----END CERTIFICATE-----

        """

    static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBqzCCAVKgAwIBAgIUFx9fEZUQhqyAW8l6U2q7XgS73howCgYIKoZIzj0EAwIw
        ITEfMB0GA1UEAwwWRnJlc2hldCB0ZXN0IGF1dGhvcml0eTAgFw0yNjExMjExMDE0
        MTZaGA8yMTI2MTAyODEwMTQxNlowFDESMBAGA1UEAwwJMTI3LjAuMC4xMFkwEwYH
        KoZIzj0CAQYIKoZIzj0DAQcDQgAEqR9iddH3kti1yukiwp41Km1WzsIgm2WblfnG
        CKrOKlK5QXNIDTUopWBqnWI0AntaladYDPusyqmt+DV+LQ+KBKNzMHEwDwYDVR0R
        BAgwBocEfwAAATAJBgNVHRMEAjAAMBMGA1UdJQQMMAoGCCsGAQUFBwMBMB0GA1Ud
        DgQWBBTu7LDVwnJ6FO27N3K4j0PUL4A0uDAfBgNVHSMEGDAWgBTgdqFwSmwPexPr
        3ZnzWwsyKffqgjAKBggqhkjOPQQDAgNHADBEAiA23X/o9IngxJewvIvFUo4+9TWY
        e+9cqg7bCsf6HgWAAgIgerj5xFTlZHFmtO9BS9SbTQzAkVoxw3r5wLZqLdeLFEg=
        -----END CERTIFICATE-----

        """

    /// For another name than any that these tests call.
    static let foreign = """
        -----BEGIN CERTIFICATE-----
        MIIBuDCCAV+gAwIBAgIUFx9fEZUQhqyAW8l6U2q7XgS73hswCgYIKoZIzj0EAwIw
        ITEfMB0GA1UEAwwWRnJlc2hldCB0ZXN0IGF1dGhvcml0eTAgFw0yNjExMjExMDMz
        MTVaGA8yMTI2MTAyODEwMzMxNVowGDEWMBQGA1UEAwwNb3RoZXIuZXhhbXBsZTBZ
        MBMGByqGSM49AgEGCCqGSM49AwEHA0IABKkfYnXR95LYtcrpIsKeNSptVs7CIJtl
        m5X5xgiqzipSuUFzSA01KKVgap1iNAJ7WpWnWAz7rMqprfg1fi0PigSjfDB6MBgG
        A1UdEQQRMA+CDW90aGVyLmV4YW1wbGUwCQYDVR0TBAIwADATBgNVHSUEDDAKBggr
        BgEFBQcDATAdBgNVHQ4EFgQU7uyw1cJyehTtuzdyuI9D1C+ANLgwHwYDVR0jBBgw
        FoAU4HahcEpsD3sT692Z81sLMin36oIwCgYIKoZIzj0EAwIDRwAwRAIgSObeYbuz
        zRBaHgL7P0c6o56M+rY7NT+nwPGsizHiT6ICIF4T7gDAClDyCGEXPwyOgnoFj00r
        sT/dvX2gSCkL/9AP
        -----END CERTIFICATE-----

        """

    static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg46/sOySg7aDUOYYT
        pNrr7sNaJ97w6QO+WJwyDxoZiwChRANCAASpH2J10feS2LXK6SLCnjUqbVbOwiCb
        ZZuV+cYIqs4qUrlBc0gNNSilYGqdYjQCe1qVp1gM+6zKqa34NX4tD4oE
        -----END PRIVATE KEY-----

        """
}
