// What holds between a server of Socket.IO in Node (`io`) and a server of ours (`ours`), each with
// stock clients, whichever wire format they share.
import assert from 'node:assert/strict';

const same = assert.deepEqual;
// Servers that recover connections add an offset to what they say.
const said = (heard, count) => heard.map((args) => args.slice(0, count));

async function both(ours, client, room) {
  return [await client('at node', [room]), await client('at ours', [room, `${room}-ours`], ours.url)];
}

export const rules = {
  'events of either server reach the clients of both, by room and exception': {
    async holds({ io, ours, client }) {
      const [atNode, atOurs] = await both(ours, client, 'a');
      await client('elsewhere', ['z'], ours.url);
      io.to('a').emit('from node', { text: 'ñ', n: [1, 2.5, null] });
      await atOurs.hears(1);
      await ours.ask({ do: 'broadcast', event: ['from ours', { text: 'ñ', n: [1, 2.5, null] }], rooms: ['a'] });
      for (const each of [atNode, atOurs])
        same(said(await each.hears(2), 2), [['from node', { text: 'ñ', n: [1, 2.5, null] }], ['from ours', { text: 'ñ', n: [1, 2.5, null] }]]);
      await ours.ask({ do: 'broadcast', event: ['only node'], rooms: ['a'], except: ['a-ours'] });
      io.to(['a', 'b']).except('a-ours').emit('only node');
      io.to('a').emit('last', Buffer.from([0, 255]), { deep: new Uint8Array([7]) });
      same(said(await atOurs.hears(3), 3)[2], ['last', Buffer.from([0, 255]), { deep: Buffer.from([7]) }]);
      same((await atNode.hears(5)).map(([name]) => name).sort(), ['from node', 'from ours', 'last', 'only node', 'only node']);
    },
  },
  'a client of ours gets what both servers say at a time in the order of its offsets': {
    formats: ['streams'],
    async holds({ io, ours, client }) {
      const [, atOurs] = await both(ours, client, 'g');
      const told = [];
      for (let i = 0; i < 200; ++i) {
        told.push(ours.ask({ do: 'broadcast', event: ['n', `ours ${i}`], rooms: ['g'] }));
        io.to('g').emit('n', `node ${i}`);
        await new Promise((go) => setImmediate(go));
      }
      await Promise.all(told);
      const heard = await atOurs.hears(400);
      same(new Set(heard.map(([, text]) => text)).size, 400);
      const offsets = heard.map((args) => args.at(-1).split('-').map(Number));
      const falls = offsets.filter(([ms, n], i) => i > 0 && (offsets[i - 1][0] - ms || offsets[i - 1][1] - n) >= 0);
      same(falls, []);
    },
  },
  'either server moves and disconnects clients of both': {
    async holds({ io, ours, client, until }) {
      const [atNode, atOurs] = await both(ours, client, 'c');
      io.in('c').socketsJoin('c2');
      await until(async () => (await ours.ask({ do: 'fetch', rooms: ['c2'] })).length === 2, 'joined by Node');
      await ours.ask({ do: 'leave', rooms: ['c2'], except: [], names: ['c'] });
      await until(async () => (await io.in('c').fetchSockets()).length === 0, 'left by ours');
      await ours.ask({ do: 'join', rooms: ['c2'], names: ['c3'] });
      await until(async () => (await io.in('c3').fetchSockets()).length === 2, 'joined by ours');
      io.in('c3').disconnectSockets(true);
      await until(() => !atNode.socket.connected && !atOurs.socket.connected, 'disconnected');
      const [again, andAgain] = await both(ours, client, 'c4');
      await ours.ask({ do: 'disconnect', rooms: ['c4'], close: true });
      await until(() => !again.socket.connected && !andAgain.socket.connected, 'disconnected by ours');
    },
  },
  'either server finds the clients of both': {
    async holds({ io, ours, client }) {
      const [atNode, atOurs] = await both(ours, client, 'd');
      const ids = [atNode.socket.id, atOurs.socket.id].sort();
      const found = await io.in('d').fetchSockets();
      same(found.map((s) => s.id).sort(), ids);
      const remote = found.find((s) => s.id === atOurs.socket.id);
      same([remote.data, [...remote.rooms].sort()], [{ user: 'at ours' }, [atOurs.socket.id, 'd', 'd-ours'].sort()]);
      same((await ours.ask({ do: 'fetch', rooms: ['d'] })).map((s) => s.id).sort(), ids);
    },
  },
  'servers answer each other': {
    async holds({ io, ours, until }) {
      same(await io.serverSideEmitWithAck('question', 1), ['from ours']);
      io.once('question', (what, answer) => answer({ said: what }));
      same(await ours.ask({ do: 'emit', event: ['question', 7], ms: 5000 }), [[{ said: 7 }]]);
      io.serverSideEmit('notice', 5);
      await until(async () => (await ours.ask({ do: 'heard' })).length === 2, 'the notice');
      same(await ours.ask({ do: 'heard' }), [['question', [1]], ['notice', [5]]]);
    },
  },
  'clients of both answer either server': {
    async holds({ io, ours, client }) {
      for (const each of await both(ours, client, 'e'))
        each.socket.on('ask', (...args) => args.at(-1)(`${each.socket.auth.user} ${args[0]}`));
      same((await io.to('e').timeout(5000).emitWithAck('ask', 1)).sort(), ['at node 1', 'at ours 1']);
      const got = await ours.ask({ do: 'ask', event: ['ask', 2], rooms: ['e'], ms: 5000 });
      same([got.asked, got.answers.flat().sort()], [2, ['at node 2', 'at ours 2']]);
    },
  },
  'a connection that is lost comes back at the other server and misses nothing': {
    formats: ['streams'],
    async holds({ io, node, ours, client, redis, until }) {
      const a = await client('ana', ['f']);
      const { socket } = a;
      const numbers = () => a.heard.map(([, n]) => n);
      const watcher = await client('watcher', ['f']);
      let n = 0;
      // Each server in turn says one more, once the last was heard by somebody.
      const say = async () => {
        ++n;
        if (n % 2) io.to('f').emit('n', n);
        else await ours.ask({ do: 'broadcast', event: ['n', n], rooms: ['f'] });
        await watcher.hears(n);
      };
      await say();
      await a.hears(1);
      for (const url of [ours.url, node.url, ours.url, node.url]) {
        const { id, _pid } = socket;
        socket.io.reconnection(false);
        socket.io.engine.close();
        await until(() => !socket.connected, 'lost');
        for (let i = 0; i < 3; ++i) await say();
        // The server that had it notices in its own time.
        await until(async () => await redis.exists(`sio:session:${_pid}`) === 1, 'kept');
        socket.io.uri = url;
        const back = new Promise((go) => socket.once('connect', go));
        socket.connect();
        await back;
        same([socket.recovered, socket.id], [true, id]);
        await say();
        await a.hears(n);
        same(numbers(), Array.from({ length: n }, (_, i) => i + 1));
      }
    },
  },
};
