import { startRedis } from '../redis_server.mjs';
import { startPostgres } from '../postgres_server.mjs';
const r = await startRedis('everysec', '/dev/shm/t'); const p = await startPostgres('/dev/shm/t');
console.log(`export DATABASE_URL=${p.url} REDIS_URL=redis://127.0.0.1:${r.port}`);
process.stdin.resume(); process.stdin.on('end', async () => { await Promise.all([r.stop(), p.stop()]); process.exit(0); });
