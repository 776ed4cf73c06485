"""Certificates for servers of tests, of an authority of their own."""

import datetime

import trustme

AUTHORITY = trustme.CA()
PEM = AUTHORITY.cert_pem.bytes().decode()
YESTERDAY = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
GOOD = AUTHORITY.issue_cert("localhost", "127.0.0.1")
BAD = {
    "certificate has expired": AUTHORITY.issue_cert("localhost", not_after=YESTERDAY),
    "Hostname mismatch": AUTHORITY.issue_cert("models.example.org"),
    "unable to get local issuer certificate": trustme.CA().issue_cert("localhost"),
}
"""By what OpenSSL says of them."""
