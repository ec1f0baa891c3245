// Sends one mail with nodemailer: node nodemailer.mjs MODULES HOST PORT. Prints the server's last reply.
import { createRequire } from 'node:module';

const [modules, host, port] = process.argv.slice(2);
const nodemailer = createRequire(`${modules}/`)('nodemailer');
const transport = nodemailer.createTransport({ host, port: Number(port), secure: false, ignoreTLS: true });
const info = await transport.sendMail({
  from: '"Jürgen" <from@a.test>',
  to: ['b@b.test', 'jörg@b.test'],
  subject: 'Grüße',
  text: '.starts with a dot\nétoile ★\n..two\n',
  attachments: [{ filename: 'octets.bin', content: Buffer.from(Array.from({ length: 256 }, (_, i) => i)) }],
});
console.log(info.response);
transport.close();
