# Shared by the scripts: messages, the lock, the cache, downloads. Sourced, never run.
# shellcheck shell=bash disable=SC2034 # what the sourcing script reads

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
lock_file=${TARE_LOCK:-$top/images/versions.lock}
tare_cache=${TARE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tare}

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# die STATUS MESSAGE...: 2 bad input, 3 the host cannot give what is needed, 5 our own failure.
die() {
    local status=$1
    shift
    say "$@"
    exit "$status"
}

# The header comment of the sourcing script is its usage: --help prints it and does nothing else.
usage() {
    sed -n '1d; /^# shellcheck /q; /^#/!q; s/^# \{0,1\}//p' "$0" | wrapped
    exit 0
}

# Lines in 80 columns, those behind the first under its last column. A line of 90 characters or more goes on in the next.
wrapped() {
    awk '
        function put(    word, words, i, line) {
            if (hang > 40)
                hang = lead + 4
            line = substr(text, 1, match(text, /[^ ]/) - 1)
            text = substr(text, length(line) + 1)
            while (match(text, / +/) || text != "") {
                word = RSTART > 0 ? substr(text, 1, RSTART - 1) : text
                if (length(line blank word) > 80 && line ~ /[^ ]/) {
                    print line
                    line = sprintf("%*s", hang, "")
                    blank = ""
                }
                line = line blank word
                blank = RSTART > 0 ? substr(text, RSTART, RLENGTH) : ""
                text = RSTART > 0 ? substr(text, RSTART + RLENGTH) : ""
            }
            print line
            blank = ""
        }
        { at = match($0, /[^ ]/) - 1 }
        NR > 1 && long && at == hang { text = text " " substr($0, at + 1); long = length($0) >= 90; next }
        NR > 1 { put() }
        {
            text = $0
            lead = hang = at
            long = length($0) >= 90
            if (match(substr($0, at + 1), /   *[^ ]/))
                hang = at + RSTART + RLENGTH - 2
        }
        END { put() }'
}

listed() { # WORD...: a, b, c
    local text
    printf -v text '%s, ' "$@"
    echo "${text%, }"
}

no_option() { # WORD ALLOWED...
    local word=$1
    shift
    die 2 "no option '$word'; allowed: $(listed "$@")"
}

words() { # OPTION LIST ALLOWED...: the words of a list with commas, a line each; one or more
    local option=$1 list=$2 any
    shift 2
    any=$(IFS='|'; echo "$*")
    [[ $list =~ ^($any)(,($any))*$ ]] || die 2 "$option '$list': what is allowed is a list of $(listed "$@")"
    tr , '\n' <<<"$list"
}

no_dash() { # OPTION NAME: a lone '-' would be made as a file or folder of that name
    [ "$2" != - ] || die 2 "$1 '-': it takes a name (a file or folder of that name is ./-)"
}

# Makes the folder if needed and tries to write to it: for root, access(2) allows too much.
output_folder() { # OPTION DIR
    local why probe=$2/.probe.$$
    why=$(mkdir -p -- "$2" 2>&1) || die 2 "$1 '$2': cannot be made: ${why##*: }"
    why=$( (: >"$probe") 2>&1) || die 2 "$1 '$2': cannot be written: ${why##*: }"
    rm -f -- "$probe"
}

engine_answers() { # ENGINE: or exit 3, with what it says and how it is started
    local said start
    said=$("$1" version 2>&1 >/dev/null) && return
    said=${said##*$'\n'}
    case $1 in
        docker) start="as root: systemctl start docker, or dockerd; DOCKER_HOST names one elsewhere" ;;
        *) start="$1 info tells more" ;;
    esac
    die 3 "$1 does not answer${said:+: $said} ($start)"
}

# All values of a key of images/versions.lock, one per line; fails without such a key.
lock_get() {
    awk -v key="$1" '
        /^[ \t]*(#|$)/ { next }
        { eq = index($0, "="); k = substr($0, 1, eq - 1); v = substr($0, eq + 1)
          gsub(/^[ \t]+|[ \t]+$/, "", k); gsub(/^[ \t]+|[ \t]+$/, "", v)
          if (eq && k == key) { print v; found = 1 } }
        END { exit !found }' "$lock_file" || die 5 "$lock_file: no key '$1'"
}

# The Debian mirrors that this host's apt uses, one per line; nothing without apt or mirrors.
debian_mirrors() {
    command -v apt-get >/dev/null || return 0
    # shellcheck disable=SC2016 # apt's own variables, not the shell's
    apt-get indextargets --format '$(SITE) $(ORIGIN) $(RELEASE)' 'Created-By: Packages' 2>/dev/null |
        awk '$2 == "Debian" && $3 !~ /security/ && !seen[$1]++ { print $1 }'
}

sha256_of() { sha256sum "$1" | cut -d' ' -f1; }

# fetch FILE SHA256 URL...: downloads FILE from the first URL with this hash; FILE is complete or absent.
fetch() {
    local file=$1 want=$2 url got tried=
    shift 2
    [ -f "$file" ] && [ "$(sha256_of "$file")" = "$want" ] && return 0
    mkdir -p "$(dirname "$file")"
    for url in "$@"; do
        say "fetching $url"
        if curl -fsSL --connect-timeout 10 --max-time 600 --retry 2 -o "$file.part.$$" "$url"; then
            got=$(sha256_of "$file.part.$$")
            if [ "$got" = "$want" ]; then
                mv "$file.part.$$" "$file"
                return 0
            fi
            tried+="; $url: sha256 is $got, want $want"
        else
            tried+="; $url: not to be had"
        fi
        rm -f "$file.part.$$"
    done
    say "cannot get ${file##*/}${tried} (put it into $file, or name a mirror with TARE_MIRROR)"
    return 1
}

# once PATH COMMAND...: runs COMMAND, which makes PATH, unless PATH exists. Of two runs at once the second waits.
once() {
    local path=$1
    shift
    [ -e "$path" ] && return 0
    mkdir -p "${path%/*}"
    (
        flock 9
        [ -e "$path" ] || "$@" 9>&-
    ) 9>"${path%/*}/.lock"
}

# debian_root SUITE TARGET OPTION...: mmdebstrap from the mirror, and through the proxy, that this host's apt uses.
debian_root() {
    local suite=$1 target=$2 mirror option
    shift 2
    command -v mmdebstrap >/dev/null || die 3 "no mmdebstrap (scripts/setup test installs what is missing)"
    mirror=$(debian_mirrors | sed -n 1p)
    while read -r option; do set -- "$@" --aptopt="$option"; done < <(apt_proxies)
    mmdebstrap --quiet "$@" "$suite" "$target" ${mirror:+"$mirror"}
}

# The time stamp of everything in an image: debian.snapshot, in seconds since 1970.
snapshot_epoch() {
    local t
    t=$(lock_get debian.snapshot) && date -u -d "${t:0:8} ${t:9:2}:${t:11:2}:${t:13:2}" +%s
}

# locked_root SUITE TARGET SETS OPTION...: mmdebstrap from the lock's packages of SETS (a word each; base is one of them) and
# no others, with every time stamp the snapshot's.
locked_root() {
    local suite=$1 target=$2 sets repo names status=0
    read -r -a sets <<<"$3"
    shift 3
    command -v mmdebstrap >/dev/null || die 3 "no mmdebstrap (scripts/setup test installs what is missing)"
    repo=$(mktemp -d)
    "$top/scripts/fetch-debs" --lock "$lock_file" "$suite" "${sets[@]}" "$repo" || { status=$?; rm -rf "$repo"; return $status; }
    flat_repository "$repo"
    names=$(sed -n 's/^Package: //p' "$repo/Packages" | paste -sd ,)
    SOURCE_DATE_EPOCH=$(snapshot_epoch) TMPDIR=${TMPDIR:-/tmp} mmdebstrap --quiet --variant=apt --include="$names" "$@" \
        "$suite" "$target" "deb [trusted=yes] copy:$repo ./" || status=$?
    rm -rf "$repo"
    return $status
}

# Makes a folder of .debs a repository for apt. Without root, mmdebstrap's user reads it too.
flat_repository() { # DIR
    local deb
    for deb in "$1"/*.deb; do
        dpkg-deb -f "$deb"
        printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$(basename "$deb")" "$(stat -c %s "$deb")" "$(sha256_of "$deb")"
    done >"$1/Packages"
    printf 'Codename: %s\nSHA256:\n %s %s Packages\n' "$suite" "$(sha256_of "$1/Packages")" "$(stat -c %s "$1/Packages")" >"$1/Release"
    chmod -R a+rX "$1"
}

# The proxies of this host's apt, in its own syntax.
apt_proxies() { apt-config dump 2>/dev/null | grep -E '^Acquire::https?::Proxy[: ]' || true; }
