"""A bucket store over a folder, as far as listing and reading go: what `atelier` asks of S3.

    python s3_folder.py FOLDER

Prints its port. FOLDER/BUCKET/KEY are the objects. Requests must be signed, by whomever; anything else is refused.
"""

import email.utils
import http.server
import pathlib
import sys
import urllib.parse
from xml.sax.saxutils import escape

ROOT = pathlib.Path(sys.argv[1]).resolve()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in {"Content-Length": len(body), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        if "AWS4-HMAC-SHA256" not in self.headers.get("Authorization", ""):
            return self.answer(403, b"<Error><Code>AccessDenied</Code></Error>")
        address = urllib.parse.urlsplit(self.path)
        bucket, _, key = urllib.parse.unquote(address.path).lstrip("/").partition("/")
        query = dict(urllib.parse.parse_qsl(address.query))
        return self.listed(bucket, query) if not key else self.object(ROOT / bucket / key)

    do_HEAD = do_GET

    def listed(self, bucket, query):
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter")
        folders, files = set(), []
        for path in sorted((ROOT / bucket).rglob("*")):
            key = path.relative_to(ROOT / bucket).as_posix()
            if not path.is_file() or not key.startswith(prefix):
                continue
            inner = key[len(prefix):]
            if delimiter and delimiter in inner:
                folders.add(prefix + inner.split(delimiter)[0] + delimiter)
            else:
                files.append((key, path.stat().st_size))
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>2026-11-30T12:00:00.000Z</LastModified><ETag>\"1\"</ETag>"
            f"<Size>{size}</Size><StorageClass>STANDARD</StorageClass></Contents>" for key, size in files)
        common = "".join(f"<CommonPrefixes><Prefix>{escape(folder)}</Prefix></CommonPrefixes>" for folder in sorted(folders))
        body = (f"<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult><Name>{bucket}</Name><Prefix>{escape(prefix)}"
                f"</Prefix><KeyCount>{len(files)}</KeyCount><IsTruncated>false</IsTruncated>{contents}{common}</ListBucketResult>")
        return self.answer(200, body.encode(), Content_Type="application/xml")

    def object(self, path):
        if not path.is_file():
            return self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        data = path.read_bytes()
        facts = {"ETag": '"1"', "Last_Modified": email.utils.formatdate(0, usegmt=True), "Accept_Ranges": "bytes"}
        wanted = self.headers.get("Range")
        if wanted:
            first, last = (int(part) for part in wanted.removeprefix("bytes=").split("-"))
            part = data[first : last + 1]
            return self.answer(206, part, Content_Range=f"bytes {first}-{first + len(part) - 1}/{len(data)}", **facts)
        return self.answer(200, data, **facts) if self.command == "GET" else self.head(len(data), facts)

    def head(self, size, facts):
        self.send_response(200)
        for name, value in {"Content-Length": size, **facts}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
