# Bring everything a fresh Debian or Ubuntu machine lacks: system libraries, a virtual environment, the package.
# Sourced by run.sh and test.sh; sets PYTHON. PELLUCID_VENV names another folder for the environment.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
venv="${PELLUCID_VENV:-$root/.venv}"
PYTHON="$venv/bin/python"

find_python() {
  local name
  for name in python3 python3.13 python3.12 python3.11; do
    if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
      command -v "$name"
      return
    fi
  done
  echo "Pellucid needs Python 3.11 or newer. Install it (apt install python3) and run this again." >&2
  return 1
}

install_packages() {
  local sudo=""
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "These system packages are missing and need an administrator: $*" >&2
      echo "Run: apt-get install -y --no-install-recommends $*" >&2
      return 1
    fi
    sudo=sudo
  fi
  echo "Installing system packages: $*"
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# Each line: a shared library Qt loads, and the Debian package that brings it.
missing_libraries() {
  "$1" - <<'PYTHON_END'
import ctypes, os, pathlib
needed = {
    "libEGL.so.1": "libegl1", "libGL.so.1": "libgl1", "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3", "libfontconfig.so.1": "libfontconfig1", "libglib-2.0.so.0": "libglib2.0-0",
}
if os.environ.get("DISPLAY"):
    needed |= {
        "libxcb-cursor.so.0": "libxcb-cursor0", "libxcb-icccm.so.4": "libxcb-icccm4",
        "libxcb-keysyms.so.1": "libxcb-keysyms1", "libxcb-shape.so.0": "libxcb-shape0",
        "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    }
packages = []
for library, package in needed.items():
    try:
        ctypes.CDLL(library)
    except OSError:
        packages.append(package)
fonts = pathlib.Path("/usr/share/fonts")
if not any(fonts.rglob("*.ttf")) and not any(fonts.rglob("*.otf")):
    packages.append("fonts-dejavu-core")
print(" ".join(packages))
PYTHON_END
}

# Each pair: a program that tests judge Pellucid by (a PACS, DICOM validators), and the package that brings it.
missing_judges() {
  local pair
  for pair in Orthanc:orthanc dcmdump:dcmtk dciodvfy:dicom3tools; do
    PATH="$PATH:/usr/sbin" command -v "${pair%%:*}" >/dev/null || printf '%s ' "${pair##*:}"
  done
  [ -e /usr/share/orthanc/plugins/libOrthancDicomWeb.so ] || printf 'orthanc-dicomweb '
}

make_environment() {
  local python="$1"
  [ -x "$PYTHON" ] && "$PYTHON" -m pip --version >/dev/null 2>&1 && return
  rm -rf "$venv"
  echo "Making the virtual environment"
  if ! "$python" -m venv "$venv" >/dev/null 2>&1; then
    rm -rf "$venv"
    if ! { "$python" -m pip install --quiet --user virtualenv 2>/dev/null && "$python" -m virtualenv --quiet "$venv"; }; then
      rm -rf "$venv"
      install_packages "python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
      "$python" -m venv "$venv"
    fi
  fi
  "$PYTHON" -m pip install --quiet --upgrade 'pip>=25.1'
}

# set_up [GROUP]: everything for running, and with a dependency group everything for that too.
set_up() {
  local group="${1:-}" python packages stamp wanted
  python="$(find_python)"
  if [ "$(uname -s)" = Linux ] && command -v apt-get >/dev/null; then
    packages="$(missing_libraries "$python")"
    [ "$group" != test ] || packages="$packages $(missing_judges)"
    # shellcheck disable=SC2086
    [ -z "${packages// /}" ] || install_packages $packages
  fi
  make_environment "$python"
  stamp="$venv/.pellucid-${group:-run}"
  wanted="$(cksum < "$root/pyproject.toml")"
  if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
    echo "Installing Pellucid and what it needs (some minutes the first time)"
    (cd "$root" && "$PYTHON" -m pip install --quiet --disable-pip-version-check --editable . ${group:+--group "$group"})
    echo "$wanted" > "$stamp"
  fi
}
