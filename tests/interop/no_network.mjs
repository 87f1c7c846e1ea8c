// Loaded before everything else: any way out of the process throws and is counted.
import dgram from "node:dgram";
import dns from "node:dns";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";

export const attempts = [];

function refuse(what) {
  return () => {
    attempts.push(what);
    throw new Error(`network: ${what}`);
  };
}

net.Socket.prototype.connect = refuse("connect");
net.connect = net.createConnection = refuse("connect");
dgram.createSocket = refuse("datagram");
dns.lookup = dns.resolve = refuse("name");
dns.promises.lookup = dns.promises.resolve = refuse("name");
globalThis.fetch = async () => refuse("fetch")();
syncBuiltinESMExports();
