declare module 'swagger-ui-dist/swagger-ui-es-bundle.js' {
  interface Options {
    url: string
    domNode: HTMLElement
    validatorUrl: string | null
    docExpansion: 'list' | 'full' | 'none'
    defaultModelsExpandDepth: number
    persistAuthorization: boolean
  }
  export default function SwaggerUI(options: Options): unknown
}
