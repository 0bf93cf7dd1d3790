# What scripts/vm and scripts/build-vm-image share: the emulator, the kernel and the tools of the lock, unpacked into the
# cache and not installed; what goes into an initramfs. Sourced after lib.sh, never run.
# shellcheck shell=bash disable=SC2034,SC2317 # what the sourcing script reads, and functions that once calls

# Debian's packages of these sets are unpacked; of the kernel's only the kernel itself, not what it would be installed with.
vm_suite=$(lock_get vm.suite)
vm_sets=(base runtime vm vm-tools vm-emulator)

# Sets root to the unpacked tree, made where it is not there. A lock of which something has left the mirror is refreshed for
# it, loudly (scripts/current-lock): this is the machine that tests run in, not what is measured.
vm_root() {
    local cache lock
    cache=$tare_cache/vm/$(vm_key)
    root=$cache/root
    [ ! -e "$root" ] || return 0
    lock=$("$top/scripts/current-lock" "$vm_suite" "${vm_sets[@]}" kernel) || exit
    local lock_file=$lock
    cache=$tare_cache/vm/$(vm_key)
    root=$cache/root
    once "$root" unpack_root "$root"
}

locked_list() { # SET...: NAME VERSION ARCH SHA256 POOL_PATH a line
    TARE_LOCK=$lock_file "$top/images/install-locked" --list "$vm_suite" "$@"
}

vm_key() {
    local rows
    rows=$(locked_list "${vm_sets[@]}" kernel) || exit
    echo "$rows" | sha256sum | cut -c1-16
}

# A program of the unpacked root, on that root's own C library: the host's may be older.
in_root() { # PROGRAM ARG...
    local lib=$root/usr/lib/x86_64-linux-gnu
    QEMU_MODULE_DIR=$lib/qemu "$lib/ld-linux-x86-64.so.2" --argv0 "${1##*/}" --library-path "$lib" "$root/$1" "${@:2}"
}

unpack_root() { # ROOT
    local whole=$1 work debs
    work=$(mktemp -d "${1%/*}/.root.XXXXXX")
    # shellcheck disable=SC2064 # now, not later: the names are local
    trap "rm -rf '$work'" EXIT
    say "unpacking the emulator and the kernel of $vm_suite into ${1%/*} (once)"
    "$top/scripts/fetch-debs" --lock "$lock_file" "$vm_suite" "${vm_sets[@]}" "$work/debs" || exit
    "$top/scripts/fetch-debs" --lock "$lock_file" "$vm_suite" kernel "$work/kernel" || exit
    # No owners and no devices: nobody runs it as root of anything.
    mkdir "$work/root"
    for debs in "$work"/debs/*.deb "$work"/kernel/linux-image-[0-9]*.deb; do
        dpkg-deb --fsys-tarfile "$debs" | tar -x --no-same-owner -C "$work/root" || die 5 "cannot unpack ${debs##*/}"
    done
    local root=$work/root
    in_root usr/sbin/depmod -b "$root/usr" "$(release)"
    unpack_kernel "$root/boot/vmlinuz-$(release)" >"$root/boot/vmlinux"
    chmod 755 "$root"
    mv -T "$root" "$whole" # or not at all
}

# The ELF kernel inside a bzImage, by the header that Documentation/arch/x86/boot.rst describes: an emulated CPU takes
# two seconds of every boot to decompress it.
unpack_kernel() { # FILE
    local setup_sects payload length
    read -r setup_sects < <(od -An -t u1 -j $((0x1f1)) -N 1 "$1")
    read -r payload length < <(od -An -t u4 -j $((0x248)) -N 8 "$1")
    # The payload's last word is its size, which is no part of what zstd reads.
    dd if="$1" bs=64K iflag=skip_bytes,count_bytes skip=$(((setup_sects + 1) * 512 + payload)) count=$((length - 4)) \
        status=none | in_root usr/bin/zstd -qdc
}

release() { basename "$root"/usr/lib/modules/*; }

# The kernel modules of a key of the lock, each after those it needs, as modules.dep names them.
modules() { # KEY
    lock_get "$1" | tr ' ' '\n' | awk '
        NR == FNR { wanted[++n] = $1; next }
        { name = $1; sub(/.*\//, "", name); sub(/\.ko.*/, "", name); gsub(/:/, ""); line[name] = $0 }
        END { for (i = 1; i <= n; i++) { if (!(wanted[i] in line)) continue
                  for (j = split(line[wanted[i]], file); j > 0; j--) if (!seen[file[j]]++) print file[j] } }
        ' - "$root/usr/lib/modules/$(release)/modules.dep"
}

# The flags of a file of images/vm, one a line; what the comments say is for readers and for `tare doctor`.
locked_flags() { # NAME
    sed -n 's/^\([^# ][^ ]*\) .*/\1/p' "$top/images/vm/$1"
}

# The same bits each time: sorted, everything of root's, one time stamp, no inode numbers of this host.
build_initramfs() { # FILE KEY_OF_MODULES INIT
    local work module n=10
    work=$(mktemp -d "${1%/*}/.initramfs.XXXXXX")
    mkdir "$work"/{bin,proc,sys,dev,host,upper,new,modules}
    cp "$root/usr/bin/busybox" "$work/bin/"
    install -m 755 "$3" "$work/init"
    install -m 644 "$top/images/vm/init-common" "$work/common"
    for module in $(modules "$2"); do
        xz -dc "$root/usr/lib/modules/$(release)/$module" >"$work/modules/$n-$(basename "$module" .xz)" ||
            die 5 "cannot unpack the module $module"
        n=$((n + 1))
    done
    chmod -R u=rwX,go=rX "$work"
    find "$work" -exec touch -h -d "@$(snapshot_epoch)" {} +
    (cd "$work" && find . | LC_ALL=C sort |
        "$root/usr/bin/busybox" cpio -o -H newc -R 0:0 --renumber-inodes --ignore-devno 2>/dev/null) >"$1.part" ||
        die 5 "cannot pack $1"
    rm -rf "$work"
    mv "$1.part" "$1"
}
