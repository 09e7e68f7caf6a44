# Keeps one Postgres server for as long as somebody holds a shared lock on `clients`.
#   $1 folder of the server programs, $2 folder of the cluster, $3 port, $4 seconds without a client
set -u
bin=$1 base=$2 port=$3 patience=$4
cd "$base" || exit 1
umask 077

# Held by nobody else: its programs close it, so that the lock ends with this shell.
exec 7>>supervisor 8>>clients
flock -n 7 || exit 1

stop() {
    rm -f url
    # After a restart of the machine the number may be another program's.
    if read -r pid <data/postmaster.pid && grep -qx postgres "/proc/$pid/comm"; then
        "$bin/pg_ctl" -D data -m immediate -s stop 7>&- 8>&-
    fi
    rm -rf data
}
trap 'stop; exit 0' HUP INT TERM

# What a supervisor that was killed has left.
[ ! -e data ] || stop

secret=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
printf %s "$secret" >secret
"$bin/initdb" -D data -U postgres -E UTF8 --locale=C --no-sync -A password --pwfile=secret 7>&- 8>&- || exit 1
rm -f secret
cat >>data/postgresql.conf <<CONF
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$base'
max_connections = 400
fsync = off
full_page_writes = off
shared_buffers = 64MB
CONF
if ! "$bin/pg_ctl" -D data -l server.log -s -w start 7>&- 8>&-; then
    cat server.log
    stop
    exit 1
fi
echo "postgres://postgres:$secret@127.0.0.1:$port/postgres" >url.new
mv url.new url

idle=0
while [ "$idle" -le "$patience" ]; do
    # With the locks it would keep them for a while should this shell be killed.
    sleep 1 7>&- 8>&-
    # A shared server that has died of something is made anew by the next who needs it; a private one
    # may be stopped by its test.
    [ "$patience" -eq 0 ] || "$bin/pg_ctl" -D data status >/dev/null 7>&- 8>&- || exit 1
    if flock -n 8 7>&-; then
        idle=$((idle + 1))
        # Kept at the end: who comes now waits, and then finds that a new server is to be started.
        [ "$idle" -gt "$patience" ] || flock -u 8 7>&-
    else
        idle=0
    fi
done
stop
