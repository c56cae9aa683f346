"""ECDSA signatures on secp256k1 that `ecrecover` accepts, only for tests of contracts."""

from typing import Final

from eth_hash.auto import keccak

P: Final = 2**256 - 2**32 - 977
N: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G: Final = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)
EVEN: Final = 27

Point = tuple[int, int] | None


def address_of_key(key: int) -> str:
    """The Ethereum address of a private key, as 0x and 40 hexadecimal digits."""
    point = _times(key, G)
    assert point is not None
    return f"0x{keccak(_bytes(point[0]) + _bytes(point[1])).hex()[24:]}"


def sign(key: int, digest: bytes) -> bytes:
    """The signature of a 32-byte digest with the private key `key`: r, s and v in 65 bytes. It is deterministic."""
    nonce = int.from_bytes(keccak(_bytes(key) + digest), "big") % N
    point = _times(nonce, G)
    assert point is not None
    r = point[0] % N
    s = pow(nonce, -1, N) * (int.from_bytes(digest, "big") + r * key) % N
    parity = point[1] & 1
    if s > N >> 1:
        s, parity = N - s, 1 - parity
    return _bytes(r) + _bytes(s) + bytes([EVEN + parity])


def _bytes(number: int) -> bytes:
    return number.to_bytes(32, "big")


def _plus(left: Point, right: Point) -> Point:
    if left is None or right is None:
        return left or right
    if left[0] == right[0]:
        if (left[1] + right[1]) % P == 0:
            return None
        slope = 3 * left[0] * left[0] * pow(2 * left[1], -1, P) % P
    else:
        slope = (right[1] - left[1]) * pow(right[0] - left[0], -1, P) % P
    x = (slope * slope - left[0] - right[0]) % P
    return x, (slope * (left[0] - x) - left[1]) % P


def _times(number: int, point: Point) -> Point:
    product: Point = None
    while number:
        if number & 1:
            product = _plus(product, point)
        point = _plus(point, point)
        number >>= 1
    return product
