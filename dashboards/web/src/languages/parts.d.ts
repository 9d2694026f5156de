/** Words in two parts: `scripts/words-plugin.mjs`. */
declare module "*.json?first" {
  const words: import("./files").Words;
  export default words;
}
declare module "*.json?later" {
  const words: Partial<import("./files").Words>;
  export default words;
}
