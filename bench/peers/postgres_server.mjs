// A PostgreSQL of the benchmark's own: a free port of the loopback, a folder that is removed with
// it. Settings are Debian's, fsync included; as root it runs as the user `postgres`.
import { spawn, execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './redis_server.mjs';

const startSecondsMax = 30;
const installed = '/usr/lib/postgresql';

function programs() {
  const versions = existsSync(installed) ? readdirSync(installed) : [];
  const newest = versions.sort((a, b) => Number(b) - Number(a))
    .find((version) => existsSync(join(installed, version, 'bin', 'postgres')));
  if (!newest) throw new Error('PostgreSQL is not installed');
  return join(installed, newest, 'bin');
}

function account() {
  if (process.getuid() !== 0) return {};
  const id = (flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

export async function startPostgres(parent) {
  const bin = programs();
  const who = account();
  const folder = mkdtempSync(join(parent ?? tmpdir(), 'son1k-bench-postgres-'));
  const data = join(folder, 'data');
  if (who.uid !== undefined) chownSync(folder, who.uid, who.gid);
  chmodSync(folder, 0o700);
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'bench', '-A', 'trust', '-E', 'UTF8'],
    { ...who, cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  const port = await freePort();
  const server = spawn(join(bin, 'postgres'),
    ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-k', folder],
    { ...who, cwd: folder, stdio: 'ignore' });
  const ended = new Promise((resolve) => server.once('exit', resolve));
  const stop = async () => {
    server.kill('SIGINT');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for (const until = Date.now() + startSecondsMax * 1000; ; await sleep(50)) {
    try {
      execFileSync(join(bin, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port)],
        { stdio: 'ignore' });
      break;
    } catch {
      if (server.exitCode !== null || Date.now() > until) {
        await stop();
        throw new Error(`postgres did not start on port ${port}`);
      }
    }
  }
  return { port, url: `postgres://bench@127.0.0.1:${port}/postgres`, stop };
}
