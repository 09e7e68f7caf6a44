# What runs in a sandbox on behalf of its host: sh spec.sh <control folder> <verb> [argument]...
#
# Every verb may be repeated. The control folder holds these scripts, and a folder for each run.

# Bytes of one frame, and of all frames of one answer.
FRAME=49152
ANSWER=786432

# Moves uploaded files to their places: the manifest names mode and path, file by file.
install_files() {
    incoming=$1
    number=0
    while IFS= read -r entry; do
        mode=${entry%% *} path=${entry#* }
        [ -d "${path%/*}" ] || mkdir -p -- "${path%/*}" || exit 1
        if [ -L "$path" ]; then
            # One that leads to a folder would be followed.
            [ ! -d "$path" ] || rm -f -- "$path"
        elif [ -d "$path" ]; then
            echo "$path is a folder"
            exit 1
        fi
        case $mode in
        x) chmod 755 "$incoming/$number" ;;
        -) chmod 644 "$incoming/$number" ;;
        esac
        mv -f -- "$incoming/$number" "$path" || exit 1
        number=$((number + 1))
    done <"$incoming/manifest"
    rm -rf -- "$incoming"
}

# Says what a path below the root is, and what a small file holds.
read_file() {
    root=$(readlink -f -- "$1") path=$2 inline=$3
    real=$(readlink -f -- "$path") || { echo absent; return; }
    case $real in
    "$root"/*) ;;
    *) echo outside; return ;;
    esac
    if [ ! -e "$real" ]; then
        echo absent
    elif [ ! -f "$real" ] || [ ! -r "$real" ]; then
        echo other
    else
        size=$(wc -c <"$real")
        printf '%s\n' "file $((size)) $real"
        [ "$size" -gt "$inline" ] || base64 <"$real"
    fi
}

# Says the number of the first program that is not there, of those that a run of this environment and
# in this folder calls; `none` when all are there.
missing_program() {
    cd "$2" || { echo 0; return; }
    # The environment may set any variable, but no argument.
    . "$1/env"
    . "$1/programs"
    number=0
    for program in "$@"; do
        case $program in
        */*) [ -f "$program" ] && [ -x "$program" ] ;;
        *) command -v -- "$program" >/dev/null ;;
        esac || { echo "$number"; return; }
        number=$((number + 1))
    done
    echo none
}

# Makes the folder of a run from what was uploaded, and looks for its programs.
prepare_run() {
    incoming=$1 dir=$ctl/runs/$2 folder=$3
    if [ -e "$incoming/programs" ]; then
        # What a host left that died while it made the checkout ready is no business of a program.
        rm -f -- "$ctl"/incoming/*/username "$ctl"/incoming/*/password \
            "$ctl/runs/checkout/username" "$ctl/runs/checkout/password"
    fi
    if [ ! -e "$dir/pid" ]; then
        mkdir -p -- "$dir" "$folder" || exit 1
        if [ -e "$incoming/programs" ]; then
            missing=$(missing_program "$incoming" "$4" 2>/dev/null)
            if [ "$missing" != none ]; then
                rm -rf -- "$incoming"
                # A shell that refuses the environment says nothing.
                echo "no-program ${missing:-0}"
                return
            fi
        fi
        chmod 600 "$incoming"/* && mv -f -- "$incoming"/* "$dir/" || exit 1
    fi
    rm -rf -- "$incoming"
    echo prepared
}

# Runs what was prepared, unless it runs or ran already. In a session of its own, so that it outlives
# the shell that it was started from.
start_run() {
    dir=$ctl/runs/$1 seconds=$2
    [ ! -e "$dir/pid" ] || return 0
    set -- sh "$ctl/supervise.sh" "$dir" "$seconds" "$(command -v timeout)" "$PATH" \
        sh "$ctl/inner.sh" sh "$dir/launch.sh"
    setsid "$@" </dev/null >/dev/null 2>"$dir/note"
}

# Waits for the record of a run's start.
await_start() {
    looks=0
    until [ -e "$ctl/runs/$1/pid" ]; do
        looks=$((looks + 1))
        [ "$looks" -lt 40 ] || { echo "waiting $(head -c 300 "$ctl/runs/$1/note" 2>/dev/null)"; return; }
        sleep 0.05 2>/dev/null || sleep 1
    done
    echo started
}

# Whether the process that recorded itself in this folder is still that process.
is_alive() {
    {
        read -r pid started _ <"$1/pid" && read -r stat <"/proc/$pid/stat"
    } 2>/dev/null || return 1
    rest=${stat##*) }
    set -f
    # shellcheck disable=SC2086 # It is to be split.
    set -- $rest
    set +f
    # A zombie is dead, also where nobody takes note of its end.
    [ "$1" != Z ] && [ "${20}" = "$started" ]
}

# Reads how a run has ended, if it has.
recorded_end() {
    end=''
    [ -e "$1/exit" ] && read -r end <"$1/exit"
}

# Prints the bytes of a file from a position on, as frames. Leaves the position after them.
send() {
    position=$3
    size=$(wc -c <"$2") || return 0
    while [ "$position" -lt "$size" ]; do
        if [ "$mode" = once ] && [ "$budget" -le 0 ]; then
            more=yes
            return 0
        fi
        length=$((size - position))
        [ "$length" -le $FRAME ] || length=$FRAME
        encoded=$(tail -c "+$((position + 1))" "$2" | head -c "$length" | base64 | tr -d '\n')
        if [ ${#encoded} -ne $(((length + 2) / 3 * 4)) ]; then
            # One of these was killed, or could not be started.
            more=yes
            return 0
        fi
        echo "$1 $position $encoded"
        position=$((position + length))
        budget=$((budget - length))
        nap=0.05
    done
}

# Prints the output of a run from two positions on, once or until its end.
frames() {
    dir=$ctl/runs/$1 out=$2 err=$3 mode=$4
    nap=0.05
    while :; do
        [ -e "$dir/pid" ] || { echo missing; return; }
        # Looked for before the output: what was printed before it is then all there.
        if ! recorded_end "$dir" && ! is_alive "$dir" && ! recorded_end "$dir"; then
            end=dead
        fi
        more='' budget=$ANSWER
        send o "$dir/out" "$out" 2>/dev/null
        out=$position
        send e "$dir/err" "$err" 2>/dev/null
        err=$position
        if [ -n "$more" ]; then
            echo more
            return
        elif [ "$end" = dead ]; then
            echo dead
            return
        elif [ -n "$end" ]; then
            echo "end $end"
            return
        elif [ "$mode" = once ]; then
            echo alive
            return
        fi
        sleep $nap 2>/dev/null || sleep 1
        case $nap in
        0.05) nap=0.1 ;;
        *) nap=0.3 ;;
        esac
    done
}

# Forgets a run that has ended, so that it can be run again.
forget_run() {
    dir=$ctl/runs/$1
    if [ -e "$dir/exit" ] || ! is_alive "$dir"; then
        mv -- "$dir" "$ctl/old.$$" 2>/dev/null
        rm -rf -- "$ctl/old.$$"
    fi
}

git_() {
    GIT_CONFIG_GLOBAL=$ctl/gitconfig GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0 LC_ALL=C \
        GIT_ALLOW_PROTOCOL=file:git:http:https:ssh GIT_SSH_COMMAND='ssh -o BatchMode=yes' \
        GIT_ASKPASS=$ctl/askpass.sh SPEC_CREDENTIALS=$dir $limit git "$@"
}

commit_of() { git_ -C "$clone" rev-parse --quiet --verify --end-of-options "$1^{commit}"; }

# Checks the repository out and prints the commit. The clone appears whole or not at all.
checkout() {
    root=$1 dir=$ctl/runs/checkout
    trap 'rm -f -- "$dir/username" "$dir/password"' EXIT
    url=$(cat "$dir/url") kind=$(cat "$dir/kind") name=$(cat "$dir/name")
    clone=$root/.repo.new
    rm -rf -- "$clone" "$root/repo"
    # Through the transport even for a path: only what is committed arrives.
    git_ clone --quiet --no-checkout --no-local --template= -- "$url" "$clone" || exit 1
    case $kind in
    default)
        commit=$(commit_of HEAD) || { echo "fatal: the repository has no commit" >&2; exit 1; }
        ;;
    name)
        commit=$(commit_of "refs/remotes/origin/$name") || commit=$(commit_of "refs/tags/$name") || {
            echo "fatal: the repository has no branch or tag \`$name\`" >&2
            exit 1
        }
        ;;
    *)
        # No branch may lead to it any more, while the server still has it.
        commit=$(commit_of "$name") ||
            { git_ -C "$clone" fetch --quiet origin "$name" 2>"$dir/fetch" && commit=$(commit_of "$name"); } || {
            echo "fatal: the repository has no commit $name" >&2
            cat "$dir/fetch" >&2
            exit 1
        }
        ;;
    esac
    git_ -C "$clone" checkout --quiet --detach "$commit" || exit 1
    mv -- "$clone" "$root/repo" || exit 1
    echo "$commit"
}

# Asks an address anything. Git is there in any case, and says whether it was the network that failed,
# unless the network swallows everything.
reach() {
    dir=$ctl limit='timeout 10'
    git_ ls-remote -- "$1" HEAD 2>&1 >/dev/null
    case $? in
    # The second is busybox's.
    124 | 143) echo "fatal: connection timed out" ;;
    esac
    return 0
}

main() {
    ctl=$1 verb=$2 limit=''
    shift 2
    umask 077
    case $verb in
    install-files) install_files "$@" ;;
    read-file) read_file "$@" ;;
    prepare-run) prepare_run "$@" ;;
    start-run) start_run "$@" ;;
    await-start) await_start "$@" ;;
    frames) frames "$@" ;;
    forget-run) forget_run "$@" ;;
    checkout) checkout "$@" ;;
    reach) reach "$@" ;;
    *) exit 64 ;;
    esac
    exit
}

# Read whole before anything runs, so that replacing this file disturbs nobody.
main "$@"
