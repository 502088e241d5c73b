# What this interpreter is and what is installed for it, as one line of JSON.
import json, os, platform, re, sys, sysconfig
from importlib import metadata

# The folder it was started in is no place where packages are installed.
sys.path[:] = [folder for folder in sys.path if folder]
packages, direct = {}, {}
for found in metadata.distributions():
    name = found.metadata["Name"] if found.metadata else None
    if not name:
        continue
    name = re.sub(r"[-_.]+", "-", name).lower()
    # The first one on the path is the one that is imported.
    if name in packages:
        continue
    packages[name] = found.version or ""
    try:
        origin = json.loads(found.read_text("direct_url.json") or "null")
    except Exception:
        origin = None
    if origin and origin.get("url"):
        # An address may carry a password.
        direct[name] = re.sub(r"//[^/@]*@", "//", origin["url"])

print()
print(
    json.dumps(
        {
            "executable": sys.executable,
            "version": platform.python_version(),
            "implementation": platform.python_implementation(),
            "platform": sysconfig.get_platform(),
            "packages": dict(sorted(packages.items())),
            "direct": direct,
            "folders": [folder for folder in sys.path if folder and os.path.isdir(folder)],
        }
    )
)
