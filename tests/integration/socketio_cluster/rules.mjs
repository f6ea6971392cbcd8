// What holds between a server of Socket.IO in Node (`io`, with real clients) and a node of ours
// (`ours`, with sockets that are none), whichever wire format they share. Each rule uses sockets
// and rooms of its own names.
import assert from 'node:assert/strict';

const same = assert.deepEqual;
const bytes = Buffer.from([0, 1, 254, 255]);
const place = (num) => ({ _placeholder: true, num });

export const rules = {
  'a broadcast of ours reaches clients of Node by room and exception': {
    async holds({ ours, client }) {
      const a = await client('a', ['b1']);
      const b = await client('b', ['b1', 'b2']);
      await ours.ask({ do: 'broadcast', event: ['all', { n: 1, text: 'ñ' }, [null, 1.5]] });
      await ours.ask({ do: 'broadcast', event: ['room'], rooms: ['b1'], except: ['b2'] });
      await ours.ask({ do: 'broadcast', event: ['both'], rooms: ['b1', 'b2'] });
      const without = (heard) => heard.map((args) => args.slice(0, args[0] === 'all' ? 3 : 1));
      same(without(await a.hears(3)), [['all', { n: 1, text: 'ñ' }, [null, 1.5]], ['room'], ['both']]);
      same(without(await b.hears(2)), [['all', { n: 1, text: 'ñ' }, [null, 1.5]], ['both']]);
    },
  },
  'a broadcast of Node reaches sockets of ours by room and exception': {
    async holds({ io, ours }) {
      await ours.ask({ do: 'add', id: 'o1', rooms: ['c1'] });
      await ours.ask({ do: 'add', id: 'o2', rooms: ['c1', 'c2'] });
      io.to('c1').emit('all', { n: 1, text: 'ñ' }, [null, 1.5]);
      io.to('c1').except('c2').emit('room');
      io.to(['c1', 'c2']).emit('both');
      same((await ours.notes(5)).sort(), ['o1<-["all",{"n":1,"text":"ñ"},[null,1.5E0]]',
        'o1<-["both"]', 'o1<-["room"]', 'o2<-["all",{"n":1,"text":"ñ"},[null,1.5E0]]', 'o2<-["both"]']);
    },
  },
  'bytes arrive as bytes at clients of Node': {
    async holds({ ours, client }) {
      const a = await client('a', ['d1']);
      const given = { do: 'broadcast', rooms: ['d1'], bytes: [bytes.toString('base64'), 'YQ=='] };
      await ours.ask({ ...given, event: ['file', place(0), { name: 'x', deep: [place(1)] }] });
      const [[name, first, second]] = await a.hears(1);
      same([name, first, second.name, second.deep[0].toString()], ['file', bytes, 'x', 'a']);
    },
  },
  'bytes arrive as bytes at sockets of ours': {
    async holds({ io, ours }) {
      await ours.ask({ do: 'add', id: 'o3', rooms: ['e1'] });
      io.to('e1').emit('file', Buffer.from('one'), { deep: [new Uint8Array([116, 119, 111])] }, new Date(0));
      same(await ours.notes(1), ['o3<-["file",{"_placeholder":true,"num":0},{"deep":[{"_placeholder":true,'
        + '"num":1}]},"1970-01-01T00:00:00.000Z"]+one+two']);
    },
  },
  'order is kept': {
    async holds({ io, ours, client, until }) {
      const a = await client('a', ['f1']);
      await ours.ask({ do: 'add', id: 'o4', rooms: ['f1'] });
      for (let n = 0; n < 200; ++n) io.to('f1').emit('n', n);
      same((await ours.notes(200)), Array.from({ length: 200 }, (_, n) => `o4<-["n",${n}]`));
      for (let n = 0; n < 200; ++n) await ours.ask({ do: 'broadcast', event: ['m', n], rooms: ['f1'] });
      const heard = () => a.heard.filter(([name]) => name === 'm').map((args) => args[1]);
      await until(() => heard().length === 200, 'all of them');
      same(heard(), Array.from({ length: 200 }, (_, n) => n));
    },
  },
  'ours move clients of Node between rooms': {
    async holds({ io, ours, client, until }) {
      const a = await client('a', ['g1']);
      await client('b', ['g2']);
      await ours.ask({ do: 'join', rooms: ['g1'], names: ['g3', 'g4'] });
      const roomsOf = () => [...io.sockets.sockets.get(a.socket.id).rooms].slice(1).sort();
      await until(() => roomsOf().length === 3, 'joined');
      await ours.ask({ do: 'leave', rooms: ['g3'], names: ['g4', 'g1'] });
      await until(() => roomsOf().join() === 'g3', 'left');
    },
  },
  'Node moves sockets of ours between rooms': {
    async holds({ io, ours }) {
      await ours.ask({ do: 'add', id: 'o5', rooms: ['h1'] });
      io.in('h1').socketsJoin(['h2', 'h3']);
      await ours.notes(1);
      io.in('h2').socketsLeave('h1');
      await ours.notes(1);
      same(await ours.ask({ do: 'rooms', id: 'o5' }), ['h2', 'h3', 'o5']);
    },
  },
  'ours disconnect clients of Node': {
    async holds({ ours, client, until }) {
      const a = await client('a', ['i1']);
      const b = await client('b', ['i1', 'i2']);
      await ours.ask({ do: 'disconnect', rooms: ['i1'], except: ['i2'], close: true });
      await until(() => !a.socket.connected, 'disconnected');
      assert(b.socket.connected);
    },
  },
  'Node disconnects sockets of ours': {
    async holds({ io, ours }) {
      await ours.ask({ do: 'add', id: 'o6', rooms: ['j1'] });
      io.in('j1').disconnectSockets(true);
      same(await ours.notes(1), ['o6 closed']);
    },
  },
  'ours fetch sockets of Node': {
    async holds({ ours, client }) {
      const a = await client('ana', ['k1']);
      await client('b');
      const found = await ours.ask({ do: 'fetch', rooms: ['k1'] });
      same(found.map((s) => [s.id, s.rooms.sort(), s.data]), [[a.socket.id, ['k1', a.socket.id].sort(), { user: 'ana' }]]);
      same(found[0].handshake.auth.user, 'ana');
    },
  },
  'Node fetches sockets of ours': {
    async holds({ io, ours, client }) {
      await client('a', ['l1']);
      await ours.ask({ do: 'add', id: 'o7', rooms: ['l1'] });
      const found = await io.in('l1').fetchSockets();
      same(found.length, 2);
      const remote = found.find((s) => s.id === 'o7');
      same([[...remote.rooms].sort(), remote.data], [['l1', 'o7'], { user: 'o7' }]);
      // What Node makes of it works.
      remote.emit('hello');
      same(await ours.notes(1), ['o7<-["hello"]']);
    },
  },
  'servers hear each other and answer': {
    async holds({ io, ours, until }) {
      const heard = [];
      io.once('to-node', (...args) => heard.push(args));
      await ours.ask({ do: 'emit', event: ['to-node', 1, 'two'], ms: 0 });
      await until(() => heard.length === 1, 'an event of a server');
      same(heard, [[1, 'two']]);
      io.once('question', (what, answer) => answer({ said: what }));
      same(await ours.ask({ do: 'emit', event: ['question', 7], ms: 5000 }), [[{ said: 7 }]]);
      io.serverSideEmit('to-ours', { a: 1 });
      same(await ours.notes(1), ['server<-["to-ours",{"a":1}]']);
      same(await io.serverSideEmitWithAck('question'), ['from ours']);
      same(await ours.notes(1), ['server<-["question"]']);
    },
  },
  'acks of clients of Node come back to ours': {
    async holds({ ours, client }) {
      for (const user of ['a', 'b']) (await client(user, ['m1'])).socket.on('ask', (n, answer) => answer(`${user}${n}`));
      const got = await ours.ask({ do: 'ask', event: ['ask', 5], rooms: ['m1'], ms: 5000 });
      same([got.asked, got.answers.flat().sort()], [2, ['a5', 'b5']]);
    },
  },
  'acks of sockets of ours come back to Node': {
    async holds({ io, ours, client }) {
      (await client('a', ['n1'])).socket.on('ask', (answer) => answer('node'));
      await ours.ask({ do: 'add', id: 'o8', rooms: ['n1'], ack: { from: 'ours' } });
      const got = await io.to('n1').timeout(5000).emitWithAck('ask');
      same(got.map((each) => each.from ?? each).sort(), ['node', 'ours']);
    },
  },
  'a connection moves from Node to ours and back and misses nothing': {
    formats: ['streams'],
    async holds({ io, ours, client, until }) {
      const a = await client('ana', ['p1']);
      io.to('p1').emit('first');
      await a.hears(1);
      const pid = a.socket._pid;
      const sid = a.socket.id;
      a.socket.io.opts.reconnection = false;
      a.socket.io.reconnection(false);
      a.socket.io.engine.close();
      await until(() => !io.sockets.sockets.has(sid), 'the socket has gone');
      await ours.ask({ do: 'add', id: 'o13', rooms: ['p1'] });
      io.to('p1').emit('missed', 1);
      await ours.notes(1);
      await ours.ask({ do: 'broadcast', event: ['missed', 2], rooms: ['p1'] });
      await ours.ask({ do: 'broadcast', event: ['not for it'], rooms: ['p2'] });
      // Ours takes it over …
      const session = await until(() => ours.ask({ do: 'take', pid }).catch(() => null), 'the session');
      same([session.sid, session.pid, session.rooms.sort(), session.data], [sid, pid, ['p1', sid].sort(), { user: 'ana' }]);
      const missed = await ours.ask({ do: 'since', offset: a.socket._lastOffset });
      same(missed.map((m) => m.event), [['missed', 1], ['missed', 2], ['not for it']]);
      // … and gives it back.
      await ours.ask({ do: 'keep', session: { ...session, data: { user: 'ana', seen: true } }, ms: 60000 });
      a.heard.length = 0;
      a.socket.connect();
      const heard = await a.hears(2);
      same(heard.map((args) => args.slice(0, 2)), [['missed', 1], ['missed', 2]]);
      same([a.socket.recovered, a.socket.id], [true, sid]);
      same(io.sockets.sockets.get(sid).data, { user: 'ana', seen: true });
    },
  },
  'the emitter reaches sockets of ours': {
    formats: ['classic'],
    async holds({ ours, redis, load }) {
      const { Emitter } = load('@socket.io/redis-emitter');
      const emitter = new Emitter(redis);
      await ours.ask({ do: 'add', id: 'o9', rooms: ['q1'] });
      await ours.ask({ do: 'add', id: 'o10', rooms: ['q1', 'q2'] });
      emitter.to('q1').except('q2').emit('hello', { n: 1 }, Buffer.from('raw'));
      same(await ours.notes(1), ['o9<-["hello",{"n":1},{"_placeholder":true,"num":0}]+raw']);
      emitter.to(['q1', 'q2']).volatile.emit('both');
      same((await ours.notes(2)).sort(), ['o10<-["both"]', 'o9<-["both"]']);
      emitter.in('q2').socketsJoin('q3');
      await ours.notes(1);
      same(await ours.ask({ do: 'rooms', id: 'o10' }), ['o10', 'q1', 'q2', 'q3']);
      emitter.in('q3').socketsLeave(['q1']);
      await ours.notes(1);
      emitter.serverSideEmit('notice', 5);
      same(await ours.notes(1), ['server<-["notice",5]']);
      emitter.in('q3').disconnectSockets(true);
      same(await ours.notes(1), ['o10 closed']);
    },
  },
  'Node lists rooms and sockets of ours': {
    formats: ['classic'],
    async holds({ io, ours }) {
      await ours.ask({ do: 'add', id: 'o11', rooms: ['r1'] });
      assert((await io.of('/').adapter.allRooms()).has('r1'));
    },
  },
};
