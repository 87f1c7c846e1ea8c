// Reads a QR code with the camera or from a picture, on this device, and sends its text in the form.
// The decoder is the browser's own where there is one (BarcodeDetector), else jsQR of this origin.
"use strict";

const PREFIX = "RK1:";
const LONGEST_SIDE = 1600;
const SAY = {
  look: "请将二维码对准画面 Hold the code into the picture",
  none: "没有找到证明的二维码，请靠近、摆正后再试 No certificate's code found; come closer and try again",
  other: "这不是证明的二维码 This is no certificate's code",
  denied: "不能使用摄像头，可拍照或粘贴文字 The camera can't be used; take a picture or paste the text",
};
const element = (id) => document.getElementById(id);
const say = (text) => { element("said").textContent = text; };
let stream = null;
let decoder = null;

function load(path) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = path;
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  });
}

async function ownDetector() {
  if (!("BarcodeDetector" in window)) return null;
  const formats = await BarcodeDetector.getSupportedFormats();
  return formats.includes("qr_code") ? new BarcodeDetector({ formats: ["qr_code"] }) : null;
}

async function makeDecoder() {
  const own = await ownDetector();
  if (own) return async (canvas) => ((await own.detect(canvas))[0] || {}).rawValue || "";
  if (!("jsQR" in window)) await load("/verify/jsqr.js");
  return async (canvas) => {
    const picture = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const found = jsQR(picture.data, picture.width, picture.height, { inversionAttempts: "dontInvert" });
    return found ? found.data : "";
  };
}

async function decode(source, width, height) {
  decoder = decoder || await makeDecoder();
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.getContext("2d", { willReadFrequently: true }).drawImage(source, 0, 0, canvas.width, canvas.height);
  return decoder(canvas);
}

function take(text) {
  if (!text.startsWith(PREFIX)) {
    say(SAY.other);
    return false;
  }
  stop();
  element("text").value = text;
  element("form").requestSubmit();
  return true;
}

function stop() {
  if (stream) stream.getTracks().forEach((track) => track.stop());
  stream = null;
  element("camera").hidden = true;
  element("start").hidden = !navigator.mediaDevices;
}

async function start() {
  const wanted = { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } };
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
  } catch {
    say(SAY.denied);
    return;
  }
  const video = element("video");
  video.srcObject = stream;
  element("camera").hidden = false;
  element("start").hidden = true;
  say(SAY.look);
  await video.play();
  watch(video);
}

async function watch(video) {
  while (stream) {
    if (video.videoWidth) {
      const text = await decode(video, video.videoWidth, video.videoHeight);
      if (text && stream && take(text)) return;
    }
    await new Promise((resolve) => setTimeout(resolve, 120));
  }
}

async function choose(event) {
  const file = event.target.files[0];
  if (!file) return;
  const picture = await createImageBitmap(file);
  const text = await decode(picture, picture.width, picture.height);
  if (text) take(text);
  else say(SAY.none);
}

element("choices").hidden = false;
element("start").hidden = !navigator.mediaDevices;
element("start").addEventListener("click", start);
element("stop").addEventListener("click", stop);
element("picture").addEventListener("change", choose);
if (element("result")) element("result").focus();
