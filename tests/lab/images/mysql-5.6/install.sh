#!/bin/sh
# Inside the image: puts the npm package's MySQL 5.6.24 where the official image has its server.
set -eu
groupadd -r -g 999 mysql
useradd -r -u 999 -g mysql -d /nonexistent -s /usr/sbin/nologin mysql
m=/opt/mysql-5.6.24
mv $m/data/mysql $m/template
rm -rf $m/data $m/binlog $m/template/ib_logfile* $m/template/auto.cnf
chmod -R a+rX $m
chmod 755 $m/mysqld
mkdir -p /var/run/mysqld /var/lib/mysql /docker-entrypoint-initdb.d
chown mysql:mysql /var/run/mysqld /var/lib/mysql
cat >/etc/my.cnf <<'CNF'
[mysqld]
basedir=/opt/mysql-5.6.24
datadir=/var/lib/mysql
socket=/var/run/mysqld/mysqld.sock
pid-file=/var/run/mysqld/mysqld.pid
lc-messages-dir=/opt/mysql-5.6.24/share
skip-host-cache
skip-name-resolve
explicit-defaults-for-timestamp
CNF
mkdir -p /etc/mysql
# The client is MariaDB's of today, which insists on TLS; the real image's of 5.6 does not.
printf '[client]\nsocket=/var/run/mysqld/mysqld.sock\nskip-ssl\n' >/etc/mysql/my.cnf
# mysqld reads /etc/my.cnf, the file above, of which nothing is for it, and the my.cnf in $MYSQL_HOME.
cat >/usr/local/bin/mysqld <<'SH'
#!/bin/sh
LD_LIBRARY_PATH=/opt/mysql-5.6.24 exec /opt/mysql-5.6.24/mysqld "$@"
SH
chmod 755 /usr/local/bin/mysqld
test -e /usr/bin/mysql
