import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// The wheel carries the built console; the API serves it from beside its own code.
const platform = process.env.BAIGONG_URL ?? 'http://127.0.0.1:8600'

export default defineConfig({
  plugins: [react()],
  html: { cspNonce: 'BAIGONG_NONCE' }, // src/baigong/api/console.py puts one of each answer there
  build: {
    outDir: '../src/baigong/api/console',
    assetsDir: 'built', // /assets is a page
    emptyOutDir: true,
    target: 'es2022',
    chunkSizeWarningLimit: 900,
    reportCompressedSize: true,
  },
  server: {
    proxy: { '/api': { target: platform, ws: true, changeOrigin: false } },
  },
})
