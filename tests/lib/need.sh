# need PACKAGE..: Debian packages that must be there; installs the missing ones, saying so.
# sourced by examples/quickstart and tests/run. POSIX sh.
need() {
  need_missing=
  for need_package in "$@"; do
    if ! dpkg-query -W -f '${Status}\n' "$need_package" 2>/dev/null | grep -q 'ok installed'; then
      need_missing="$need_missing $need_package"
    fi
  done
  [ -n "$need_missing" ] || return 0
  echo "installing:$need_missing"
  # shellcheck disable=SC2086 # a list of package names, split on purpose
  (
    export DEBIAN_FRONTEND=noninteractive
    apt-get -q update && apt-get -q install -y --no-install-recommends $need_missing
  ) >"${TMPDIR:-/tmp}/mrc-apt.log" 2>&1 || {
    tail -n 30 "${TMPDIR:-/tmp}/mrc-apt.log" >&2
    echo "apt-get could not install:$need_missing (whole log: ${TMPDIR:-/tmp}/mrc-apt.log)" >&2
    return 1
  }
}

# What building mrc takes.
need_build() {
  need ca-certificates g++ cmake ninja-build ccache libfmt-dev libspdlog-dev libexpected-dev \
    libyaml-cpp-dev nlohmann-json3-dev libcli11-dev libcurl4-openssl-dev libssl-dev \
    libmariadb-dev zlib1g-dev libvalijson-dev librapidcheck-dev libgtest-dev libgmock-dev openssh-client pkg-config
}
