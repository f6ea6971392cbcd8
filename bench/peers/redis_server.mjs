// A redis-server of the benchmark's own: a free port of the loopback, a folder that is removed
// with it, nothing shared with a server that may run on this machine.
import { spawn, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const startSecondsMax = 10;

export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString().startsWith('+PONG'));
    });
    socket.once('error', () => resolve(false));
  });
}

// `fsync`: 'none' (no persistence at all), 'everysec' or 'always' (append-only file).
export async function startRedis(fsync, parent) {
  const version = execFileSync('redis-server', ['--version'], { encoding: 'utf8' });
  const folder = mkdtempSync(join(parent ?? tmpdir(), 'son1k-bench-redis-'));
  const port = await freePort();
  const durable = fsync === 'none' ? ['no'] : ['yes', '--appendfsync', fsync];
  const server = spawn('redis-server', [
    '--bind', '127.0.0.1', '--port', String(port), '--dir', folder, '--save', '',
    '--maxmemory-policy', 'noeviction', '--auto-aof-rewrite-percentage', '0',
    '--appendonly', ...durable,
  ], { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise((resolve) => server.once('exit', resolve));
  const stop = async () => {
    server.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for (const until = Date.now() + startSecondsMax * 1000; ; await sleep(20)) {
    if (await answers(port)) break;
    if (server.exitCode !== null || Date.now() > until) {
      await stop();
      throw new Error(`redis-server did not start on port ${port}`);
    }
  }
  return {
    port,
    version: /v=([\d.]+)/.exec(version)?.[1] ?? 'unknown',
    rssMib: () => rssMib(server.pid),
    stop,
  };
}

export function rssMib(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s*(\d+)/.exec(status)[1]) / 1024;
}
