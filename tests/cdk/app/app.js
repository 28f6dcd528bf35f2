// Writes a cloud assembly as `cdk synth` does. Usage: node app.js OUTDIR [big]
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const cdk = require("aws-cdk-lib");
const lambda = require("aws-cdk-lib/aws-lambda");
const s3 = require("aws-cdk-lib/aws-s3");

const [outdir, size] = process.argv.slice(2);
const assets = (name) => path.join(process.env.ASSETS || path.join(__dirname, "assets"), name);

const app = new cdk.App({
  outdir,
  // What the command `cdk` sets.
  context: { "aws:cdk:enable-path-metadata": true, "aws:cdk:enable-asset-metadata": true },
  analyticsReporting: false,
  treeMetadata: false,
});

class Shop extends cdk.Stack {
  constructor(scope, id, props) {
    super(scope, id, props);
    const greeting = new lambda.LayerVersion(this, "Greeting", {
      code: lambda.Code.fromAsset(assets("greeting-layer")),
      compatibleRuntimes: [lambda.Runtime.PYTHON_3_13],
      compatibleArchitectures: [lambda.Architecture.X86_64],
      removalPolicy: cdk.RemovalPolicy.RETAIN,
    });
    const shared = new lambda.LayerVersion(this, "Shared", {
      code: lambda.Code.fromAsset(assets("shared-layer.zip")),
      compatibleRuntimes: [lambda.Runtime.PYTHON_3_12, lambda.Runtime.PYTHON_3_13],
    });
    this.fonts = new lambda.LayerVersion(this, "Fonts", {
      code: lambda.Code.fromAsset(assets("fonts")),
      removalPolicy: cdk.RemovalPolicy.RETAIN,
    });
    shared.addPermission("Everyone", { accountId: "*" });
    const orders = new lambda.Function(this, "Orders", {
      runtime: lambda.Runtime.PYTHON_3_13,
      handler: "index.handler",
      code: lambda.Code.fromAsset(assets("orders")),
      layers: [greeting, shared],
      environment: { PYTHONPATH: "/var/task/vendored", TABLE: "orders" },
    });
    new lambda.Function(this, "Arm", {
      runtime: lambda.Runtime.PYTHON_3_12,
      architecture: lambda.Architecture.ARM_64,
      handler: "main.handler",
      code: lambda.Code.fromAsset(assets("arm")),
    });
    new lambda.Function(this, "Zipped", {
      runtime: lambda.Runtime.PYTHON_3_13,
      handler: "index.handler",
      code: lambda.Code.fromAsset(assets("orders.zip")),
      layers: [
        shared,
        greeting,
        lambda.LayerVersion.fromLayerVersionArn(
          this, "Insights", `arn:aws:lambda:${this.region}:580247275435:layer:LambdaInsightsExtension:53`,
        ),
      ],
    });
    new lambda.Function(this, "Inline", {
      runtime: lambda.Runtime.NODEJS_22_X,
      handler: "index.handler",
      code: lambda.Code.fromInline("exports.handler = async () => 1;"),
    });
    new lambda.Function(this, "Bucket", {
      runtime: lambda.Runtime.NODEJS_22_X,
      handler: "index.handler",
      code: lambda.Code.fromBucket(s3.Bucket.fromBucketName(this, "Releases", "releases"), "shop/1.2.3.zip"),
    });
    new lambda.DockerImageFunction(this, "Image", { code: lambda.DockerImageCode.fromImageAsset(assets("image")) });
    new cdk.CfnOutput(this, "SharedArn", { value: shared.layerVersionArn, exportName: `${id}-shared` });
    this.greeting = greeting;
    const alias = new lambda.Alias(this, "Live", { aliasName: "live", version: orders.currentVersion });
    new Reports(this, "Reports", { alias });
    if (size === "big") {
      const { AwsCliLayer } = require("aws-cdk-lib/lambda-layer-awscli");
      const { NodeProxyAgentLayer } = require("aws-cdk-lib/lambda-layer-node-proxy-agent");
      const { KubectlV34Layer } = require("@aws-cdk/lambda-layer-kubectl-v34");
      new lambda.Function(this, "Deploy", {
        runtime: lambda.Runtime.PYTHON_3_13,
        handler: "index.handler",
        code: lambda.Code.fromAsset(assets("orders")),
        layers: [
          greeting, shared, new AwsCliLayer(this, "Cli"), new KubectlV34Layer(this, "Kubectl"),
          new NodeProxyAgentLayer(this, "Proxy"),
        ],
      });
    }
  }
}

class Reports extends cdk.NestedStack {
  constructor(scope, id, props) {
    super(scope, id);
    const pad = new lambda.LayerVersion(this, "Pad", {
      code: lambda.Code.fromAsset(assets("node-layer")),
      compatibleRuntimes: [lambda.Runtime.NODEJS_22_X, lambda.Runtime.NODEJS_20_X],
    });
    new lambda.Function(this, "Report", {
      runtime: lambda.Runtime.NODEJS_22_X,
      handler: "index.handler",
      code: lambda.Code.fromAsset(assets("report")),
      layers: [pad, scope.fonts],
    });
  }
}

class Consumer extends cdk.Stack {
  constructor(scope, id, props) {
    super(scope, id, props);
    new lambda.Function(this, "Reader", {
      runtime: lambda.Runtime.PYTHON_3_13,
      handler: "index.handler",
      code: lambda.Code.fromAsset(assets("orders")),
      layers: [props.layer],
    });
  }
}

// Without an environment, in a given one, and another one below a stage.
const shop = new Shop(app, "Shop");
new Consumer(app, "Consumer", { layer: shop.greeting });
const stage = new cdk.Stage(app, "Prod", { env: { account: "123456789012", region: "eu-central-1" } });
const there = new Shop(stage, "Shop");
new Consumer(stage, "Far", { layer: there.greeting, env: { account: "123456789012", region: "us-east-1" }, crossRegionReferences: true });
const legacy = new cdk.Stack(app, "Legacy", { synthesizer: new cdk.LegacyStackSynthesizer() });
new lambda.Function(legacy, "Old", {
  runtime: lambda.Runtime.NODEJS_18_X,
  handler: "index.handler",
  code: lambda.Code.fromAsset(assets("edge")),
});
app.synth();
