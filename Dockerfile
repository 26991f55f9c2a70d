# Integrum with the PostgreSQL programs it needs. Not yet built by our own tests, which have no Docker engine: see docs/guide/administrator.md.
FROM node:26-bookworm-slim

# PostgreSQL's programs: pg_dump and pg_restore for what is protected, a server for the catalog and for drills.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends postgresql-common ca-certificates acl attr \
  && sed -i 's/^#*create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf \
  && apt-get install --yes --no-install-recommends postgresql-15 postgresql-client-15 \
  && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/integrum
COPY . .
RUN npm ci && node tools/build-wasm.mjs && node tools/build-ui.mjs && npm prune --omit=dev && ln -s /opt/integrum/bin/integrum /usr/local/bin/integrum

# The catalog, the sealing key, journals of restores: losing this volume loses everything that is not in a repository.
VOLUME /var/lib/integrum-service
VOLUME /data/backups
ENV INTEGRUM_ADDRESS=0.0.0.0
EXPOSE 8440
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD node -e "fetch('http://127.0.0.1:8440/readyz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"
CMD ["integrum", "serve"]
