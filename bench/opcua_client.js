// node-opcua, subscribed to every point there is: node opcua_client.js MODULES URL CERTIFICATE KEY TOKEN PUBLISHING_MS
// Prints one JSON line when all are subscribed, and one with what it heard, after a line on stdin
// says how many values there were: when it has them all, or 1.5 s later.
const [modules, url, certificateFile, privateKeyFile, password, publishing] = process.argv.slice(2);
const path = require("path");
const opcua = require(path.join(modules, "node-opcua"));
const { performance } = require("perf_hooks");

async function main() {
  const manager = new opcua.OPCUACertificateManager({ rootFolder: path.join(path.dirname(certificateFile), "pki"), automaticallyAcceptUnknownCertificate: true });
  await manager.initialize();
  const client = opcua.OPCUAClient.create({
    applicationName: "bench", applicationUri: "urn:bench:client", certificateFile, privateKeyFile, endpointMustExist: false,
    clientCertificateManager: manager, securityMode: opcua.MessageSecurityMode.SignAndEncrypt,
    securityPolicy: opcua.SecurityPolicy.Basic256Sha256, requestedSessionTimeout: 600000,
  });
  await client.connect(url);
  const session = await client.createSession({ type: opcua.UserTokenType.UserName, userName: "bench", password });
  let began = performance.now();
  const ids = [];
  const below = async (nodeId) => {
    let found = await session.browse({ nodeId, referenceTypeId: "HierarchicalReferences", includeSubtypes: true, browseDirection: 0, nodeClassMask: 3, resultMask: 63 });
    let all = found.references;
    while (found.continuationPoint && found.continuationPoint.length) {
      found = await session.browseNext(found.continuationPoint, false);
      all = all.concat(found.references);
    }
    return all;
  };
  for (const asset of await below("ns=2;s=assets"))
    for (const point of await below(asset.nodeId)) if (String(point.nodeId.value).startsWith("point/")) ids.push(point.nodeId);
  const browsed = performance.now() - began;
  began = performance.now();
  const subscription = await session.createSubscription2({ requestedPublishingInterval: Number(publishing), requestedMaxKeepAliveCount: 100, requestedLifetimeCount: 1000, maxNotificationsPerPublish: 0, publishingEnabled: true, priority: 1 });
  let heard = 0;
  const late = [];
  for (let at = 0; at < ids.length; at += 1000) {
    const group = await subscription.monitorItems(ids.slice(at, at + 1000).map((nodeId) => ({ nodeId, attributeId: opcua.AttributeIds.Value })), { samplingInterval: 0, queueSize: 20, discardOldest: true }, opcua.TimestampsToReturn.Source);
    group.on("changed", (item, told) => { heard += 1; if (heard % 50 === 0 && told.sourceTimestamp) late.push(Date.now() - told.sourceTimestamp.getTime()); });
  }
  const subscribed = performance.now() - began;
  await new Promise((done) => setTimeout(done, 2000));
  heard = 0; late.length = 0;
  process.stdout.write(JSON.stringify({ nodes: ids.length, browsed_ms: browsed, subscribed_ms: subscribed }) + "\n");
  const wanted = Number(await new Promise((done) => process.stdin.once("data", done)));
  const last = performance.now() + 1500;
  while (heard < wanted && performance.now() < last) await new Promise((done) => setTimeout(done, 10));
  late.sort((a, b) => a - b);
  const cpu = process.cpuUsage();
  process.stdout.write(JSON.stringify({ heard, p50_ms: late[Math.floor(late.length / 2)], p99_ms: late[Math.floor(late.length * 0.99)], cpu_s: (cpu.user + cpu.system) / 1e6 }) + "\n");
  process.exit(0);
}
main().catch((error) => { process.stdout.write(JSON.stringify({ error: String(error && error.stack || error) }) + "\n"); process.exit(1); });
