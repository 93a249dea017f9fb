# What is there of a server on its host, for plan.

# mrc_mysql_marked DEPLOYMENT: the servers whose containers on this host have its mark.
mrc_mysql_marked() {
  docker version >/dev/null 2>&1 || return 0
  docker ps -a --filter "label=mrc.deployment=$1" --format '{{.Label "mrc.server"}}' >"$MRC_D/marked"
  sed -n 's/^./marked	&/p' "$MRC_D/marked" | sort -u
}

# mrc_mysql_probe NAME ROOT DEPLOYMENT ROOT_FILE REPL_USER REPL_FILE IMAGE ADOPT ADDRESS: what is there of
# one server, a tab between a word and its value; ends with `end`. ADOPT yes: one without a mark is asked too.
mrc_mysql_probe() {
  printf 'server\t%s\n' "$1"
  if [ -n "$(ls -A "$2/$1/data" 2>/dev/null)" ]; then
    printf 'data\t%s\n' "$(sed -n 's/.*"deployment": "\([^"]*\)".*/\1/p' "$2/$1/.mrc" 2>/dev/null)"
  fi
  if [ -f "$2/$1/data/my.cnf" ]; then
    printf 'role\t%s\n' "$(grep -v '^#' "$2/$1/data/my.cnf" | tr '\n' ';')"
  fi
  if [ -f "$2/$1/data/mrc.upgrade" ]; then printf 'upgrade\tbegun\n'; fi
  if [ -f "$2/$1/data/mrc.version" ]; then printf 'had\t%s\n' "$(cat "$2/$1/data/mrc.version")"; fi
  if [ -f "$2/$1/data/mrc.version-before" ]; then
    printf 'had_before\t%s\n' "$(cat "$2/$1/data/mrc.version-before")"
  fi
  if [ -e "$2/$1/data.mrc-init" ] || [ -e "$2/$1/data.mrc-copy" ]; then printf 'staging\tyes\n'; fi
  if ! docker version >/dev/null 2>&1; then
    printf 'docker\tdown\nend\t%s\n' "$1"
    return 0
  fi
  mrc_mysql_image_says "$7"
  mrc_mysql_found=$(docker inspect --type container -f \
    '{{.State.Status}}	{{index .Config.Labels "mrc.deployment"}}	{{.Image}}' "$1" 2>"$MRC_D/inspect.err") || {
    grep -qi 'no such' "$MRC_D/inspect.err" || mrc_die "docker inspect $1: $(cat "$MRC_D/inspect.err")"
    printf 'end\t%s\n' "$1"
    return 0
  }
  printf 'container\t%s\n' "$mrc_mysql_found"
  mrc_mysql_fields "$1" "${mrc_mysql_found##*	}"
  if mrc_mysql_has_address "$1" "$9"; then printf 'address\tyes\n'; fi
  printf 'wanted_image\t%s\n' "$(docker image inspect -f '{{.Id}}' "$7" 2>/dev/null || :)"
  case $mrc_mysql_found in
    running*"	$3	"*) mrc_mysql_probe_sql "$1" "$4" "$5" "$6" ;;
    running*'		'* | running*'	<no value>	'*) if [ "$8" = yes ]; then mrc_mysql_probe_sql "$1" "$4" "$5" "$6"; fi ;;
  esac
  printf 'end\t%s\n' "$1"
}

# mrc_mysql_image_says IMAGE: the version that the image's own variables have, where it is there and has any.
mrc_mysql_image_says() {
  docker image inspect -f '{{range .Config.Env}}{{println .}}{{end}}' "$1" 2>/dev/null |
    sed -n -e 's/^MARIADB_VERSION=\([0-9]*:\)\{0,1\}\([0-9.]*\).*/image_version	\2-MariaDB/p' \
      -e 's/^\(MYSQL_VERSION\|PS_VERSION\)=\([0-9.]*\).*/image_version	\2/p' | head -n 1
}

# mrc_mysql_fields NAME IMAGE_ID: what the container was made with, values as JSON. Of what the image brings
# itself, only what differs from it; of its environment, which may hold passwords, the names.
mrc_mysql_fields() {
  docker inspect --type container -f '
field	image	{{json .Config.Image}}
field	hostname	{{json .Config.Hostname}}
field	restart policy	{{json .HostConfig.RestartPolicy.Name}}
field	stop timeout	{{json (index .Config "StopTimeout")}}
field	network	{{json .HostConfig.NetworkMode}}
field	privileged	{{json .HostConfig.Privileged}}
field	memory	{{json .HostConfig.Memory}}
field	cpus	{{json .HostConfig.NanoCpus}}
{{range .Mounts}}field	mount	{{if .RW}}{{json (printf "%s:%s" .Source .Destination)}}{{else}}{{json (printf "%s:%s:ro" .Source .Destination)}}{{end}}
{{if eq .Destination "/var/lib/mysql"}}field	data	{{json .Source}}
{{end}}{{end}}{{range $port, $to := .HostConfig.PortBindings}}field	published port	{{json $port}}
{{end}}{{range .Config.Cmd}}field	mysqld	{{json .}}
{{end}}' "$1" >"$MRC_D/fields"
  # Volumes without a name come from the image.
  grep -v -e '^$' -e '^field	mount	"[^"]*/[0-9a-f]\{64\}/_data:' "$MRC_D/fields"
  # shellcheck disable=SC2016 # Go's dollars, not the shell's
  mrc_mysql_of_image='{{range .Config.Env}}environment	{{json .}}
{{end}}{{range $key, $value := .Config.Labels}}label	{{json (printf "%s=%s" $key $value)}}
{{end}}user	{{json .Config.User}}
entrypoint	{{json .Config.Entrypoint}}
'
  docker inspect --type container -f "$mrc_mysql_of_image" "$1" >"$MRC_D/own"
  docker image inspect -f "$mrc_mysql_of_image" "$2" 2>/dev/null >"$MRC_D/brought" || return 0
  echo >>"$MRC_D/brought"
  grep -vxF -f "$MRC_D/brought" "$MRC_D/own" |
    sed -e 's/^\(environment	"[^=]*\)=.*/\1"/' -e 's/^/field	/'
}

mrc_mysql_probe_sql() {
  if ! mrc_mysql_meet "$1" "$2" 2>"$MRC_D/answers.err"; then
    printf 'sql\t%s\n' "$(tail -n 1 "$MRC_D/answers.err")"
    return 0
  fi
  if [ -n "${mrc_mysql_before:-}" ] && mrc_mysql_refuses "$1" "$2"; then printf 'root\tbefore\n'; fi
  if ! mrc_mysql "$1" root "$2" >"$MRC_D/answers" 2>"$MRC_D/answers.err" <<SQL; then
SELECT 0 AS mrc_part_var;
SHOW GLOBAL VARIABLES WHERE Variable_name IN ('version','server_id','server_uuid','gtid_mode','read_only','super_read_only','skip_networking','log_bin_basename','rpl_semi_sync_replica_enabled','rpl_semi_sync_slave_enabled','gtid_binlog_state');
SELECT 0 AS mrc_part_var;
SELECT 'gtid_executed' AS name, $mrc_say_executed AS value UNION ALL SELECT 'gtid_purged', $(mrc_mysql_purged_sql "$1") UNION ALL SELECT 'heard_seconds_ago', IFNULL($mrc_say_heard, '');
SELECT 0 AS mrc_part_account;
SELECT COUNT(*) FROM mysql.user WHERE User = '$3' AND Host = '%';
SELECT 0 AS mrc_part_limits;
$(mrc_mysql_limits_sql "$3")
SELECT 0 AS mrc_part_grant;
$(mrc_mysql_grants_sql "$3")
SELECT 0 AS mrc_part_native;
${mrc_say_native:+$(mrc_mysql_native_sql "$3")}
SELECT 0 AS mrc_part_outside;
$(mrc_mysql_outside_sql)
SELECT 0 AS mrc_part_events;
SELECT status, COUNT(*) FROM $mrc_say_events GROUP BY status;
SELECT 0 AS mrc_part_listener;
$mrc_say_listeners;
SELECT 0 AS mrc_part_applier;
${mrc_say_applier:-DO 0};
SELECT 0 AS mrc_part_lent;
SELECT Host FROM mysql.user WHERE User = 'mrc_copy';
SELECT 0 AS mrc_part_channel;
$(mrc_mysql_channel_sql "$1" "$4");
SELECT 0 AS mrc_part_slave;
$mrc_say_status;
SQL
    printf 'sql\t%s\n' "$(tail -n 1 "$MRC_D/answers.err")"
    return 0
  fi
  awk -F '\t' -v prefix='slave	' "$mrc_mysql_reader"'
    /^mrc_part_/ { part = substr($0, 10); line = 0; getline; next }
    { line++ }
    line == 1 { n = split($0, name, FS); next }
    part == "var" || part == "channel" || part == "limits" || part == "native" || part == "outside" || part == "events" { print part "\t" $1 "\t" $2 }
    part == "account" || part == "grant" || part == "listener" || part == "lent" || part == "applier" { print part "\t" $1 }
    part == "slave" && line == 2 { for (i = 1; i <= n; i++) say(name[i], $i) }' "$MRC_D/answers"
  # Who has purged logs may have to give a slave a copy.
  if grep -q '^gtid_purged	.' "$MRC_D/answers"; then
    printf 'size\t%s\n' "$(mrc_mysql_size "$(mrc_mysql_directory "$1")")"
  fi
  mrc_mysql_tls=
  if grep -q '^SSL	[0-9]*$' "$MRC_D/answers"; then mrc_mysql_tls=yes; fi
  if mrc_mysql_login "$1" "$3" "$4" 2>"$MRC_D/answers.err"; then
    printf 'login\tok\n'
  else
    printf 'login\t%s\n' "$(tail -n 1 "$MRC_D/answers.err")"
  fi
}
