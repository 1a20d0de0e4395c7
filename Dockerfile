# Node 24 runs the TypeScript source as it stands, so nothing is built here.
ARG NODE_IMAGE=node:24-slim
FROM ${NODE_IMAGE}
WORKDIR /app

# Dependencies change less often than the source, so they are a layer of their own. The embedded
# database needs a folder that the app's user can write to; everything else stays root's.
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund --cache /tmp/npm \
  && rm -rf /tmp/* \
  && install -d -m 700 -o 1000 -g 1000 .data
# Only used without DATABASE_URL. From here on a build can't change it.
VOLUME /app/.data

# .dockerignore lets through what the app needs, and nothing else.
COPY . .

# By number, since not every base image has a user `node`.
USER 1000:1000
# All interfaces of the container: its own loopback is out of reach of a published port.
ENV HOST=0.0.0.0
EXPOSE 3000
# No shell and no npm in between: SIGTERM has to reach the app.
CMD ["node", "server/main.ts"]
