namespace Sluice.CatalogApi;

/// <summary><c>GET /v1/openapi.json</c>: the description of every route, as it lies beside this file.</summary>
internal static class OpenApiDocument
{
    public static async Task WriteAsync(HttpContext http)
    {
        await using var document = typeof(OpenApiDocument).Assembly.GetManifestResourceStream("openapi.json")!;
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = document.Length;
        http.Response.Headers.CacheControl = "public, max-age=3600";
        await document.CopyToAsync(http.Response.Body, http.RequestAborted);
    }
}
