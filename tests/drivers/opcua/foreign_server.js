// A node-opcua server for the interoperability tests: node foreign_server.js <port> <folder for its certificates>.
// Prints one JSON line {port, certificate} when it listens. Line "freeze"/"step" commands come on stdin.
"use strict";
const opcua = require("node-opcua");
const fs = require("fs");
const path = require("path");

async function main() {
  const port = Number(process.argv[2]);
  const folder = process.argv[3];
  const manager = new opcua.OPCUACertificateManager({
    automaticallyAcceptUnknownCertificate: process.argv[4] !== "strict",
    rootFolder: path.join(folder, "pki"),
  });
  await manager.initialize();
  const server = new opcua.OPCUAServer({
    port,
    hostname: "127.0.0.1",
    resourcePath: "/UA/Foreign",
    serverCertificateManager: manager,
    allowAnonymous: true,
    userManager: { isValidUser: (user, password) => user === "operator" && password === "secret" },
    serverInfo: { applicationUri: "urn:foreign:server" },
    serverCapabilities: {
      operationLimits: { maxNodesPerRead: 40, maxNodesPerBrowse: 15, maxMonitoredItemsPerCall: 25 },
      maxBrowseContinuationPoints: 3,
    },
  });
  await server.initialize();
  const space = server.engine.addressSpace;
  const own = space.getOwnNamespace();
  const machine = own.addObject({ organizedBy: space.rootFolder.objects, browseName: "Machine", nodeId: "s=Machine" });
  let speed = 100.5;
  let when = new Date("2026-01-02T03:04:05.678Z");
  const speedNode = own.addVariable({
    componentOf: machine, browseName: "Speed", nodeId: "s=Machine.Speed", dataType: "Double",
    minimumSamplingInterval: 10,
  });
  const put = () => speedNode.setValueFromSource({ dataType: opcua.DataType.Double, value: speed },
    opcua.StatusCodes.Good, when);
  put();
  own.addAnalogDataItem({
    componentOf: machine, browseName: "Temp", nodeId: "s=Machine.Temp", dataType: "Double",
    engineeringUnitsRange: { low: 0, high: 100 }, engineeringUnits: opcua.standardUnits.degree_celsius,
    value: { dataType: opcua.DataType.Double, value: 36.6 },
  });
  own.addVariable({ componentOf: machine, browseName: "Big", nodeId: "s=Machine.Big", dataType: "Int64",
    value: { dataType: opcua.DataType.Int64, arrayType: opcua.VariantArrayType.Scalar, value: [0x00200000, 1] } });
  own.addVariable({ componentOf: machine, browseName: "Name", nodeId: "s=Machine.Name", dataType: "String",
    value: { dataType: opcua.DataType.String, value: "外部服务器" } });
  own.addVariable({ componentOf: machine, browseName: "Curve", nodeId: "s=Machine.Curve", dataType: "Float", valueRank: 1,
    value: { dataType: opcua.DataType.Float, arrayType: opcua.VariantArrayType.Array, value: new Float32Array([1, 2.5, 4]) } });
  const broken = own.addVariable({ componentOf: machine, browseName: "Broken", nodeId: "s=Machine.Broken", dataType: "Double" });
  broken.setValueFromSource({ dataType: opcua.DataType.Double, value: 1 }, opcua.StatusCodes.BadSensorFailure, new Date());
  own.addVariable({ componentOf: machine, browseName: "Range", nodeId: "s=Machine.Range", dataType: "Range",
    value: { dataType: opcua.DataType.ExtensionObject, value: new opcua.Range({ low: -1, high: 7 }) } });
  const tags = own.addObject({ organizedBy: space.rootFolder.objects, browseName: "Tags", nodeId: "s=Tags" });
  for (let i = 0; i < 1200; i++) {
    own.addVariable({ componentOf: tags, browseName: "Tag" + i, nodeId: "s=Tags." + i, dataType: "Int32",
      minimumSamplingInterval: 10, value: { dataType: opcua.DataType.Int32, value: i } });
  }
  const old = own.addVariable({ componentOf: machine, browseName: "Old", nodeId: "s=Machine.Old", dataType: "Double",
    value: { dataType: opcua.DataType.Double, value: 0 } });
  space.installHistoricalDataNode(old);
  for (let i = 0; i < 30; i++) {
    old.setValueFromSource({ dataType: opcua.DataType.Double, value: i }, opcua.StatusCodes.Good, new Date(1767225600000 + i * 1000));
  }
  await server.start();
  const der = path.join(folder, "own.der");
  fs.writeFileSync(der, server.getCertificate());
  console.log(JSON.stringify({ port, certificate: der, namespace: own.index }));
  process.stdin.on("data", () => { speed += 1; when = new Date(when.getTime() + 1000); put(); });
  process.stdin.on("end", () => process.exit(0));
}
main().catch((error) => { console.error(error); process.exit(1); });
