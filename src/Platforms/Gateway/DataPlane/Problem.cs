using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Sluice.Platforms.Gateway;

/// <summary>The gateway's own answers: problem details (RFC 9457).</summary>
internal static class Problem
{
    // Long enough for a replica to be started again, short enough for a person.
    private const string RetryAfterSeconds = "1";

    /// <summary>Answers a request whose answer has not started.</summary>
    public static void Answer(IFeatureCollection features, int status, string title, string detail)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new { title, status, detail });
        var response = features.GetRequiredFeature<IHttpResponseFeature>();
        response.StatusCode = status;
        response.Headers.ContentType = "application/problem+json";
        response.Headers.CacheControl = "no-store";
        response.Headers.ContentLength = body.Length;
        if (status == 503)
        {
            response.Headers.RetryAfter = RetryAfterSeconds;
        }

        if (!HttpMethods.IsHead(features.GetRequiredFeature<IHttpRequestFeature>().Method))
        {
            ResponseBody.Write(features.GetRequiredFeature<IHttpResponseBodyFeature>().Writer, body);
        }
    }
}
