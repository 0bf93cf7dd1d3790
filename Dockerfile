# The benchmark with everything pinned that a container can pin. No syntax that only BuildKit knows: the classic builder,
# BuildKit and buildah build it alike. scripts/build-image gives the arguments; by hand:
#
#   docker build --build-arg REVISION=$(git rev-parse HEAD) -t tare .
#
# Its packages come from images/install-locked alone, its versions from images/versions.lock alone.

# The base of the lock (base.trixie): scripts/build-image hands in its own where no registry can be reached.
ARG BASE=docker.io/library/debian:trixie-slim@sha256:d7e12182ce18b85b93007c1dedf31f2d29e01ccf3182cc4017c709b6259bc132

# --- what compiles ----------------------------------------------------------------------------------------------
FROM ${BASE} AS toolchain
ARG SUITE=trixie
ARG COMPILER=gcc
ARG TARE_MIRROR=
WORKDIR /src
COPY images/versions.lock images/install-locked images/
COPY scripts/lib.sh scripts/
RUN case "$COMPILER" in \
        gcc) images/install-locked "$SUITE" base build ;; \
        clang) images/install-locked "$SUITE" base build-clang && ln -s "$(ls /usr/bin/clang-[0-9]*)" /usr/local/bin/clang ;; \
        *) echo "COMPILER='$COMPILER': what is allowed is gcc, clang" >&2; exit 2 ;; \
    esac

# --- both interpreters, from one tarball with the same compiler and flags ---------------------------------------
FROM toolchain AS python
ARG COMPILER=gcc
ARG PYTHON_PGO=1
COPY scripts/build-python scripts/
# One layer each: a build that is cut off keeps the first.
RUN CC="$COMPILER" TARE_CACHE=/opt/tare scripts/build-python ft
RUN CC="$COMPILER" TARE_CACHE=/opt/tare scripts/build-python gil
COPY images/prune-python images/
RUN images/prune-python /opt/tare

# --- tare itself ------------------------------------------------------------------------------------------------
FROM toolchain AS tare
ARG COMPILER=gcc
COPY Makefile LICENSE ./
COPY images/vm images/vm
COPY cgroups cgroups
COPY runner runner
ARG REVISION=unknown
RUN make CC="$COMPILER" COMMIT="$REVISION" build && \
    make CC="$COMPILER" COMMIT="$REVISION" DESTDIR=/stage install && \
    find /stage/usr/local/bin /stage/usr/local/libexec -type f -perm -u+x ! -name '*.py' -exec strip {} + && \
    mkdir -p /stage/usr/local/share/tare/image && "$COMPILER" --version | head -n 1 >/stage/usr/local/share/tare/image/compiler

# --- what runs: no compiler, no shell tools but the base's --------------------------------------------------------
FROM ${BASE} AS runtime
ARG SUITE=trixie
ARG TARE_MIRROR=
ARG SOURCE_DATE_EPOCH=
COPY images/versions.lock images/install-locked images/describe-image /usr/local/share/tare/image/images/
RUN /usr/local/share/tare/image/images/install-locked "$SUITE" base runtime
COPY --from=python /opt/tare /opt/tare
COPY --from=tare /stage/usr/local /usr/local
ARG BASE
# Goes with BASE; scripts/build-image says both.
ARG BASE_DIGEST=sha256:d7e12182ce18b85b93007c1dedf31f2d29e01ccf3182cc4017c709b6259bc132
ARG REVISION=unknown
ARG VERSION=0.1.0
ARG SOURCE=unknown
ARG PYTHON_PGO=1
RUN /usr/local/share/tare/image/images/describe-image "base=$BASE" "suite=$SUITE" "revision=$REVISION" \
        "python_pgo=$PYTHON_PGO" "source_date_epoch=$SOURCE_DATE_EPOCH"
LABEL org.opencontainers.image.title="tare" \
      org.opencontainers.image.description="what threads, processes and interpreters cost in Python 3.14" \
      org.opencontainers.image.source="$SOURCE" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.licenses="GPL-3.0-or-later" \
      org.opencontainers.image.base.name="$BASE" \
      org.opencontainers.image.base.digest="$BASE_DIGEST"
ENV TARE_PYTHON_FT=/opt/tare/ft/bin/python3.14t \
    TARE_PYTHON_GIL=/opt/tare/gil/bin/python3.14
# Nobody in particular: a borrowed slice is only read, and takes no root. A delegated one does: docker run --user 0.
USER 65532:65532
VOLUME /out
WORKDIR /out
HEALTHCHECK NONE
ENTRYPOINT ["tare"]
CMD ["matrix", "seed", "--out", "/out"]
