import 'swagger-ui-dist/swagger-ui.css'
import { useEffect, useRef } from 'react'
import SwaggerUI from 'swagger-ui-dist/swagger-ui-es-bundle.js'

/** An OpenAPI document of this server, whose operations can be tried. */
export default function SwaggerUi({ url }: { url: string }) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const within = document.createElement('div')
    place.current?.append(within)
    SwaggerUI({
      url,
      domNode: within,
      // Without it the document would be sent to the makers' server to be looked at.
      validatorUrl: null,
      docExpansion: 'list',
      defaultModelsExpandDepth: 0,
      persistAuthorization: false,
    })
    return () => within.remove()
  }, [url])
  // The names and descriptions of an API are English in every language of the page.
  return <div ref={place} lang="en" data-testid="document" data-url={url} />
}
