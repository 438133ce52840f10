import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// `vite` alone serves the pages with hot reload and passes everything else to a running server.
const server = 'http://localhost:8000'

export default defineConfig({
  base: '/',
  plugins: [react()],
  build: {
    outDir: '../src/switchroom/webroot',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1600,
  },
  server: {
    proxy: {
      '/json': server,
      '/client': { target: server, ws: true },
    },
  },
})
