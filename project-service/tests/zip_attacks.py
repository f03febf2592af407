"""ZIP archives as honest people and attackers make them."""

import stat
import struct
import zlib
from io import BytesIO
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile, ZipInfo

MIB = 1024 * 1024


def zip_of(files: dict[str, bytes], compression: int = ZIP_DEFLATED) -> bytes:
    out = BytesIO()
    with ZipFile(out, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def with_symlink() -> bytes:
    out = BytesIO()
    with ZipFile(out, "w") as archive:
        link = ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return out.getvalue()


def bomb() -> bytes:
    """26 MiB of zeros in a few KiB, no file larger than allowed."""
    return zip_of({f"zeros{n}": bytes(2 * MIB) for n in range(13)})


def nested_bomb() -> bytes:
    """In the manner of 42.zip: archives that look harmless from outside and are large inside."""
    inner = zip_of({"zeros": bytes(9 * MIB)})
    return zip_of({f"{n}.zip": inner for n in range(16)})


def overlapping_bomb() -> bytes:
    """Many names for one content, in the manner of David Fifield."""
    out = BytesIO(zip_of({"a": bytes(8 * MIB)}))
    data = out.getvalue()
    directory = data.rfind(b"PK\x01\x02")
    header, end = data[directory : data.rfind(b"PK\x05\x06")], data[data.rfind(b"PK\x05\x06") :]
    headers = b"".join(header[:-1] + bytes([letter]) for letter in range(ord("a"), ord("a") + 26))
    counted = end[:8] + struct.pack("<2HL", 26, 26, len(headers)) + end[16:]
    return data[:directory] + headers + counted


def entry_within_another() -> bytes:
    """Both are whole and their checksums are right: one is the content of the other, header and all."""
    inner = zip_of({"b": b"content"}, compression=0)
    out = BytesIO()
    with ZipFile(out, "w") as archive:
        archive.writestr("a", inner[: inner.rfind(b"PK\x01\x02")])
        with ZipFile(BytesIO(inner)) as within:
            hidden = within.getinfo("b")
        hidden.header_offset = 30 + len("a")
        archive.filelist.append(hidden)
    return out.getvalue()


def lying_about_sizes() -> bytes:
    """The directory promises 10 bytes where 9 MiB come out."""
    data = bytearray(zip_of({"a": bytes(9 * MIB)}))
    real, lie = struct.pack("<L", 9 * MIB), struct.pack("<L", 10)
    return bytes(data.replace(real, lie))


def with_wrong_checksum() -> bytes:
    data = zip_of({"a": b"content"}, compression=0)
    return data.replace(struct.pack("<L", zlib.crc32(b"content")), b"\x01\x02\x03\x04")


def encrypted() -> bytes:
    data = bytearray(zip_of({"a": b"content"}))
    data[6] |= 1
    data[data.find(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def with_nul_in_name() -> bytes:
    return zip_of({"safe.txtX..": b""}).replace(b"safe.txtX..", b"safe.txt\x00..")


def with_huge_directory() -> bytes:
    data = zip_of({"a": b""})
    end = data.rfind(b"PK\x05\x06")
    return data[: end + 8] + struct.pack("<2HL", 60_000, 60_000, 60_000 * 46) + data[end + 16 :]


def with_uncounted_entries() -> bytes:
    """The end record promises one entry where the directory has more than an archive may have."""
    data = zip_of({"a": b""})
    directory, end = data.rfind(b"PK\x01\x02"), data.rfind(b"PK\x05\x06")
    headers = data[directory:end] * 10_001
    return data[:directory] + headers + data[end : end + 12] + struct.pack("<L", len(headers)) + data[end + 16 :]


ATTACKS = {
    "symlink": (with_symlink(), "not_a_file"),
    "traversal": (zip_of({"../up": b""}), "invalid_path"),
    "absolute": (zip_of({"/etc/passwd": b""}), "invalid_path"),
    "drive": (zip_of({"C:\\boot.ini": b""}), "invalid_path"),
    "nul": (with_nul_in_name(), "invalid_path"),
    "case clash": (zip_of({"a": b"", "A": b""}), "case_clash"),
    "folder clash": (zip_of({"a": b"", "a/b": b""}), "folder_clash"),
    "encrypted": (encrypted(), "encrypted"),
    "compression": (zip_of({"a": b"x" * 1000}, compression=ZIP_BZIP2), "compression"),
    "bomb": (bomb(), "bomb"),
    "overlapping": (overlapping_bomb(), "damaged"),
    "within": (entry_within_another(), "damaged"),
    "lie": (lying_about_sizes(), "damaged"),
    "checksum": (with_wrong_checksum(), "damaged"),
    "truncated": (zip_of({"a": b"content" * 100})[:-30], "invalid"),
    "large file": (zip_of({"a": bytes(10 * MIB + 1)}), "too_long"),
    "directory": (with_huge_directory(), "too_many"),
    "uncounted": (with_uncounted_entries(), "too_many"),
    "no archive": (b"%PDF-1.7", "invalid"),
    "empty": (b"", "invalid"),
}
"""The archive, and the code of the first entry that is reported."""
