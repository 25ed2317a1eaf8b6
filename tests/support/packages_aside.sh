# SPDX-License-Identifier: MIT
# Fetches Debian packages and unpacks them into a folder, through a package root of our own: nothing is installed, and the
# system's sources and lists are left alone. Needs neither root nor a lock. Sourced.

# aside_sites: "SITE RELEASE" of each archive that the system's own sources name.
aside_sites() { apt-get indextargets --format '$(SITE) $(RELEASE)' 'Created-By: Packages' | sort -u; }

# aside_open ROOT SUITE: a package root for SUITE in ROOT, with fresh lists. `system` is the system's own suites, the non-free
# packages added, and what is installed counts as installed; in any other suite nothing does.
aside_open() {
  local root=$1 suite=$2 codename keyring=/usr/share/keyrings/debian-archive-keyring.gpg signed=""
  codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
  mkdir -p "$root"/state/lists/partial "$root"/cache/archives/partial "$root"/etc
  [ -f $keyring ] && signed="[signed-by=$keyring] "
  if [ "$suite" = system ]; then
    aside_sites | sed "s|^\([^ ]*\) \(.*\)|deb ${signed}\1 \2 main non-free|" >"$root/etc/sources.list"
    cp /var/lib/dpkg/status "$root/status"
  else
    aside_sites | sed -n "s|^\([^ ]*\) $codename\$|deb ${signed}\1 $suite main non-free|p" >"$root/etc/sources.list"
    : >"$root/status"
  fi
  if ! [ -s "$root/etc/sources.list" ]; then
    echo "this system's sources name no Debian archive" >&2
    return 1
  fi
  aside_apt "$root" update -qq
}

# aside_apt ROOT ARGUMENT...: apt-get in that root.
aside_apt() {
  local root=$1
  shift
  apt-get -o Dir::State="$root/state" -o Dir::State::status="$root/status" -o Dir::Cache="$root/cache" \
    -o Dir::Etc::sourcelist="$root/etc/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null -o Debug::NoLocking=1 \
    -o APT::Sandbox::User=root -o APT::Architectures=amd64 -o Acquire::Languages=none \
    -o Acquire::Check-Valid-Until=false -o Acquire::Retries=2 "$@"
}

# aside_unpack ROOT INTO PACKAGE...: those packages and what they need, unpacked into INTO; INTO.versions lists them.
aside_unpack() {
  local root=$1
  aside_start "$@" || return 1
  aside_apt "$root" -y -qq --no-install-recommends --reinstall --download-only install "${@:3}" >/dev/null || return 1
  aside_extract "$root" "$2"
}

# aside_unpack_alone ROOT INTO PACKAGE...: as aside_unpack, without what they need.
aside_unpack_alone() {
  local root=$1
  aside_start "$@" || return 1
  (cd "$root/cache/archives" && aside_apt "$root" -qq download "${@:3}" >/dev/null) || return 1
  aside_extract "$root" "$2"
}

# aside_start ROOT INTO ...: no package left in ROOT from before, and nothing in INTO.
aside_start() {
  rm -rf "$1"/cache/archives/*.deb "$2"
  mkdir -p "$2"
}

# aside_extract ROOT INTO: unpacks what was fetched.
aside_extract() {
  local root=$1 into=$2 deb
  for deb in "$root"/cache/archives/*.deb; do
    dpkg-deb --extract "$deb" "$into" || return 1
    dpkg-deb --show --showformat '${Package} ${Version}\n' "$deb"
  done >"$into.versions"
  rm -rf "$root"/cache/archives/*.deb
}
