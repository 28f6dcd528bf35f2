import { pad } from "leftpad";

export const handler = async (event) => pad(String(event.total), 10);
