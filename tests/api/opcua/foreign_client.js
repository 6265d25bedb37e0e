// node-opcua as a SCADA's client of our server: browses, reads, subscribes, and asks for history.
// node foreign_client.js MODULES URL CERTIFICATE KEY PASSWORD; prints one JSON line a step; "fed" on stdin: go on.
const [modules, url, certificateFile, privateKeyFile, password] = process.argv.slice(2);
const path = require("path"), readline = require("readline");
const opcua = require(path.join(modules, "node-opcua"));
const tell = (step, more) => process.stdout.write(JSON.stringify({ step, ...more }) + "\n");
const id = (text) => `ns=2;s=${text}`;

async function main() {
  const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const manager = new opcua.OPCUACertificateManager({ rootFolder: path.join(path.dirname(certificateFile), "pki"), automaticallyAcceptUnknownCertificate: true });
  await manager.initialize();
  const client = opcua.OPCUAClient.create({
    applicationName: "foreign", applicationUri: "urn:scada:test", certificateFile, privateKeyFile,
    clientCertificateManager: manager, endpointMustExist: false,
    securityMode: opcua.MessageSecurityMode.SignAndEncrypt, securityPolicy: opcua.SecurityPolicy.Aes256_Sha256_RsaPss,
    connectionStrategy: { maxRetry: 1, initialDelay: 100 },
  });
  await client.connect(url);
  const session = await client.createSession({ type: opcua.UserTokenType.UserName, userName: "scada", password });
  const below = async (nodeId) => {
    const found = await session.browse({ nodeId, referenceTypeId: "HierarchicalReferences", includeSubtypes: true, browseDirection: 0, resultMask: 63 });
    return found.references.map((one) => one.browseName.name);
  };
  tell("browsed", { objects: await below("ObjectsFolder"), assets: await below(id("assets")), pump: await below(id("asset/pump1")) });
  const read = await session.read({ nodeId: id("point/oven.load"), attributeId: opcua.AttributeIds.Value });
  tell("read", { value: read.value.value, status: read.statusCode.name, time: read.sourceTimestamp.getTime() });

  const subscription = await session.createSubscription2({ requestedPublishingInterval: 50, requestedMaxKeepAliveCount: 20, requestedLifetimeCount: 100, maxNotificationsPerPublish: 1000, publishingEnabled: true, priority: 1 });
  const heard = [], wanted = 4;
  const item = await subscription.monitor({ nodeId: id("point/oven.load"), attributeId: opcua.AttributeIds.Value }, { samplingInterval: 0, queueSize: 10, discardOldest: true }, opcua.TimestampsToReturn.Both);
  const all = new Promise((done) => item.on("changed", (told) => { heard.push(told.value.value); if (heard.length === 1) tell("subscribed", {}); if (heard.length === wanted) done(); }));
  await lines.next();
  await all;
  tell("heard", { values: heard });
  const history = await session.readHistoryValue({ nodeId: id("point/oven.load") }, new Date(Date.now() - 7200e3), new Date(), { numValuesPerNode: 1000, returnBounds: false });
  tell("history", { status: history.statusCode.name, values: (history.historyData.dataValues || []).map((one) => one.value.value) });
  const averaged = await session.readAggregateValue({ nodeId: id("point/oven.load") }, new Date(Date.now() - 7200e3), new Date(), opcua.AggregateFunction.Average, 7200e3);
  tell("averaged", { status: averaged.statusCode.name, values: (averaged.historyData.dataValues || []).map((one) => one.value.value) });
  await subscription.terminate();
  await session.close();
  await client.disconnect();
  process.exit(0);
}
main().catch((error) => { tell("failed", { error: String(error && error.stack || error) }); process.exitCode = 1; });
