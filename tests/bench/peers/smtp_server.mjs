// nodemailer's smtp-server with a handler that stores durably: smtp_server.mjs MODULES PORT STORE FOLDER.
// Its 250 says for STORE maildir that each recipient's mail was written to tmp/, synced, renamed into new/, and that
// folder synced; for mbox that it was appended to the mailbox, one mail after the other, and synced.
import { mkdir, open, rename } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { once } from 'node:events';

const [modules, port, store, folder] = process.argv.slice(2);
const { SMTPServer } = createRequire(`${modules}/`)('smtp-server');
const ready = new Map();
const tails = new Map();
let number = 0;

async function sync(path) {
  const handle = await open(path, 'r');
  await handle.sync();
  await handle.close();
}

function makeMailbox(path) {
  if (!ready.has(path)) {
    ready.set(path, Promise.all(['tmp', 'new', 'cur'].map((part) => mkdir(`${path}/${part}`, { recursive: true }))));
  }
  return ready.get(path);
}

async function writeDurably(path, flags, chunks) {
  const handle = await open(path, flags);
  await handle.writev(chunks);
  await handle.sync();
  await handle.close();
}

async function toMaildir(path, chunks) {
  await makeMailbox(path);
  number += 1;
  const name = `${Math.floor(Date.now() / 1000)}.P${process.pid}Q${number}.bench`;
  await writeDurably(`${path}/tmp/${name}`, 'wx', chunks);
  await rename(`${path}/tmp/${name}`, `${path}/new/${name}`);
  await sync(`${path}/new`);
}

// Mails for one mailbox wait for each other, as they would for its lock.
function toMbox(path, chunks) {
  const separator = Buffer.from('From bench@example.com Thu Jan  1 00:00:00 2026\n');
  const mail = [separator, ...chunks, Buffer.from('\n')];
  const tail = (tails.get(path) ?? Promise.resolve()).then(() => writeDurably(path, 'a', mail));
  tails.set(path, tail.catch(() => {}));
  return tail;
}

async function deliver(stream, session) {
  const chunks = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
  }
  const put = store === 'mbox' ? toMbox : toMaildir;
  await Promise.all(session.envelope.rcptTo.map(({ address }) => put(`${folder}/${address.split('@')[0]}`, chunks)));
}

await mkdir(folder, { recursive: true });
const server = new SMTPServer({
  name: 'node.example.org',
  authOptional: true,
  disabledCommands: ['STARTTLS', 'AUTH'],
  disableReverseLookup: true,
  maxClients: 1000,
  onData: (stream, session, done) => deliver(stream, session).then(() => done(), done),
});
server.listen(Number(port), '127.0.0.1');
await once(server.server, 'listening');
