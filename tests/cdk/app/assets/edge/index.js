exports.handler = async () => ({ status: "200" });
