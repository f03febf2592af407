// A gateway as one would write it with fastify's own plugins: checks an EdDSA token, counts requests per user, proxies.
import proxy from "@fastify/http-proxy";
import jwt from "@fastify/jwt";
import rateLimit from "@fastify/rate-limit";
import fastify from "fastify";

const { PORT, UPSTREAM_PORT, PUBLIC_KEY } = process.env;
const app = fastify({ logger: false });

await app.register(jwt, {
  secret: { public: PUBLIC_KEY, private: "" },
  verify: { algorithms: ["EdDSA"], allowedIss: "tessera", allowedAud: "tessera-api", cache: 20_000 },
});
app.addHook("onRequest", (request) => request.jwtVerify());
await app.register(rateLimit, {
  hook: "preHandler",
  max: 1_000_000_000,
  timeWindow: 60_000,
  keyGenerator: (request) => request.user.sub,
});
await app.register(proxy, {
  upstream: `http://127.0.0.1:${UPSTREAM_PORT}`,
  undici: { connections: 64, pipelining: 1 },
  replyOptions: {
    rewriteRequestHeaders: (request, { authorization, ...headers }) => ({
      ...headers,
      "x-user-id": request.user.sub,
      "x-tenant-id": request.user.tid,
      "x-forwarded-for": request.ip,
    }),
  },
});
await app.listen({ host: "127.0.0.1", port: Number(PORT) });
