# etcd's packages: installed without ever starting the member that a package brings, and taken away
# again, with all that came along and nothing else. Uses etcd_probe.sh.

# mrc_etcd_packages [left]: half-installed ones too, which an interrupted installation leaves; with `left`, also those
# of which an interrupted removal leaves the files of configuration.
mrc_etcd_packages() {
  case $(mrc_etcd_manager) in
    apt)
      mrc_etcd_not='not-installed|config-files'
      if [ "${1:-}" = left ]; then mrc_etcd_not='not-installed'; fi
      dpkg-query -W -f '${db:Status-Status} ${Package}\n' | grep -vE "^($mrc_etcd_not) " | sed 's/^[^ ]* //' | sort -u
      ;;
    *) rpm -qa --qf '%{NAME}\n' | sort -u ;;
  esac
}

# A package manager may outlive the script that started it, when that is killed: it inherits this
# lock, so that the next script waits for it. A lock on a folder leaves nothing behind.
mrc_etcd_alone() {
  exec 7</var/lib
  if flock -n 7; then return 0; fi
  mrc_note "an earlier run of mrc still changes packages here"
  flock -w 300 7 || mrc_die "an earlier run of mrc has been changing packages here for 5 minutes"
}

# Packages that are here now and not in the list FILE.
mrc_etcd_packages_since() {
  mrc_etcd_packages >"$MRC_D/packages.now"
  comm -13 "$1" "$MRC_D/packages.now"
}

# The words as a JSON list.
mrc_etcd_json_list() {
  mrc_etcd_list=
  for mrc_etcd_word in "$@"; do
    mrc_etcd_list="${mrc_etcd_list:+$mrc_etcd_list, }\"$mrc_etcd_word\""
  done
  printf '[%s]\n' "$mrc_etcd_list"
}

mrc_etcd_apt() {
  DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get -q -y \
    -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confdef \
    -o Dpkg::Options::=--force-confold "$@"
}

# Debian split the package in two; older ones have one.
mrc_etcd_apt_names() {
  if apt-cache show etcd-server >/dev/null 2>&1; then
    echo etcd-server etcd-client
  else
    echo etcd
  fi
}

# After a crash or a reboot in the middle, apt refuses everything until this is done.
mrc_etcd_apt_mend() {
  if [ -z "$(dpkg --audit)" ]; then return 0; fi
  mrc_note "finishing an interrupted installation"
  DEBIAN_FRONTEND=noninteractive dpkg --force-confdef --force-confold --configure -a
}

mrc_etcd_apt_install() {
  mrc_etcd_apt_mend || :
  # shellcheck disable=SC2046
  if mrc_etcd_apt install --no-install-recommends $(mrc_etcd_apt_names); then return 0; fi
  mrc_note "refreshing the package lists"
  mrc_etcd_apt update || return 1
  # shellcheck disable=SC2046
  mrc_etcd_apt install --no-install-recommends $(mrc_etcd_apt_names)
}

mrc_etcd_apt_purge() {
  if mrc_etcd_apt purge "$@"; then return 0; fi
  dpkg --force-remove-reinstreq --purge "$@"
}

mrc_etcd_manager_install() {
  case $(mrc_etcd_manager) in
    apt) mrc_etcd_apt_install ;;
    dnf) dnf -q -y install etcd ;;
    yum) yum -q -y install etcd ;;
    zypper) zypper -q --non-interactive install --no-recommends etcd ;;
    *) mrc_die "no package manager that mrc knows (apt, dnf, yum, zypper)" ;;
  esac
}

# mrc_etcd_install DEPLOYMENT
mrc_etcd_install() {
  mrc_etcd_alone
  mrc_etcd_dir=/var/lib/mrc/$1.d
  mrc_etcd_before=$mrc_etcd_dir/etcd-packages-before
  mrc_etcd_old=
  if mrc_recorded "$1" etcd/package; then
    mrc_etcd_old=$(sed -n 's/^  "etcd\/package": .*"packages": \[\(.*\)\].*/\1/p' \
      "/var/lib/mrc/$1.json" | tr -d ',"')
  else
    mrc_record "$1" etcd/package '{"packages": []}'
  fi
  if [ ! -e "$mrc_etcd_before" ]; then
    mkdir -p "$mrc_etcd_dir"
    mrc_etcd_packages >"$MRC_D/packages.before"
    mrc_put "$MRC_D/packages.before" "$mrc_etcd_before" 0600
  fi
  # A package that starts its unit would make a cluster of one, here and now. The mask is of this
  # boot only, so that nothing stays behind when this script is cut off.
  systemctl mask --runtime --quiet etcd.service
  mrc_etcd_rc=0
  (umask 022 && mrc_etcd_manager_install) >"$MRC_D/install.log" 2>&1 </dev/null || mrc_etcd_rc=$?
  # Some packages enable their unit; the start step does that, when the configuration is there.
  systemctl unmask --runtime --quiet etcd.service
  if [ "$mrc_etcd_rc" -ne 0 ]; then
    mrc_evidence "the package manager" cat "$MRC_D/install.log"
    mrc_die "etcd's package cannot be installed: $(tail -n 1 "$MRC_D/install.log")"
  fi
  systemctl daemon-reload
  if ! mrc_recorded "$1" etcd/unit; then systemctl disable --quiet etcd.service; fi
  mrc_etcd_new=$(mrc_etcd_packages_since "$mrc_etcd_before")
  # shellcheck disable=SC2086
  mrc_etcd_new=$(printf '%s\n' $mrc_etcd_old $mrc_etcd_new | sed '/^$/d' | sort -u)
  # shellcheck disable=SC2086
  mrc_record "$1" etcd/package "{\"packages\": $(mrc_etcd_json_list $mrc_etcd_new)}"
  rm -f "$mrc_etcd_before"
  rmdir "$mrc_etcd_dir" 2>/dev/null || :
  command -v etcdctl >/dev/null 2>&1 || mrc_die "the package brought no etcdctl"
}

# mrc_etcd_remove_listed PACKAGE..: those of them that are here.
mrc_etcd_remove_listed() {
  printf '%s\n' "$@" | sed '/^$/d' | sort -u >"$MRC_D/packages.ours"
  mrc_etcd_packages left >"$MRC_D/packages.now"
  mrc_etcd_gone=$(comm -12 "$MRC_D/packages.ours" "$MRC_D/packages.now")
  if [ -z "$mrc_etcd_gone" ]; then return 0; fi
  # shellcheck disable=SC2086
  case $(mrc_etcd_manager) in
    apt) mrc_etcd_apt_purge $mrc_etcd_gone ;;
    dnf) dnf -q -y remove --noautoremove $mrc_etcd_gone ;;
    yum) yum -q -y remove $mrc_etcd_gone ;;
    zypper) zypper -q --non-interactive remove $mrc_etcd_gone ;;
  esac
}

# mrc_etcd_remove_packages DEPLOYMENT [PACKAGE..]
mrc_etcd_remove_packages() {
  mrc_etcd_deployment=$1
  shift
  mrc_etcd_alone
  mrc_etcd_before=/var/lib/mrc/$mrc_etcd_deployment.d/etcd-packages-before
  systemctl mask --runtime --quiet etcd.service
  mrc_etcd_more=
  # An installation that was cut off has a list of what was there before instead. What is only half
  # there is completed first: dpkg does not know a package's files before.
  if [ -e "$mrc_etcd_before" ]; then
    if [ "$(mrc_etcd_manager)" = apt ] && [ -n "$(dpkg --audit)" ]; then
      (umask 022 && mrc_etcd_apt_install) >"$MRC_D/install.log" 2>&1 </dev/null || :
    fi
    mrc_etcd_more=$(mrc_etcd_packages_since "$mrc_etcd_before")
  fi
  mrc_etcd_rc=0
  # shellcheck disable=SC2086
  mrc_etcd_remove_listed "$@" $mrc_etcd_more >"$MRC_D/remove.log" 2>&1 </dev/null || mrc_etcd_rc=$?
  systemctl unmask --runtime --quiet etcd.service
  if [ "$mrc_etcd_rc" -ne 0 ]; then
    mrc_evidence "the package manager" cat "$MRC_D/remove.log"
    mrc_die "etcd's packages cannot be removed: $(tail -n 1 "$MRC_D/remove.log")"
  fi
  systemctl daemon-reload
  rm -f "$mrc_etcd_before"
  rmdir "/var/lib/mrc/$mrc_etcd_deployment.d" 2>/dev/null || :
  mrc_forget "$mrc_etcd_deployment" etcd/package
}
