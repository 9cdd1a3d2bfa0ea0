using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Sluice.Catalog.Cache;

namespace Sluice.Catalog.Tests.Cache;

/// <summary>Answers as Upstash's REST interface does: GET, SET, PING and a token.</summary>
internal sealed class UpstashServer : IAsyncDisposable
{
    public const string Token = "a-token-for-the-tests";
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, string> _values = new();

    private UpstashServer(WebApplication app) => _app = app;

    public ConcurrentQueue<string[]> Commands { get; } = [];

    /// <summary>Answers in place of the usual ones; null for those.</summary>
    public RequestDelegate? Instead { get; set; }

    public RedisAddress Address => AddressWith(Token);

    public RedisAddress AddressWith(string token) => RedisAddress.Read(
        name => name switch { "UPSTASH_REDIS_REST_URL" => _app.Urls.Single(), "UPSTASH_REDIS_REST_TOKEN" => token, _ => null }, [])!;

    public static async Task<UpstashServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var server = new UpstashServer(app);
        app.Run(server.AnswerAsync);
        await app.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        if (Instead is { } other)
        {
            await other(http);
            return;
        }

        if (http.Request.Headers.Authorization != $"Bearer {Token}")
        {
            await WriteAsync(http, 401, """{"error":"WRONGPASS invalid or missing auth token"}""");
            return;
        }

        var command = (await http.Request.ReadFromJsonAsync<string[]>())!;
        Commands.Enqueue(command);
        await (command switch
        {
            ["PING"] => WriteAsync(http, 200, """{"result":"PONG"}"""),
            ["GET", var key] => WriteAsync(http, 200, JsonSerializer.Serialize(new { result = _values.GetValueOrDefault(key) })),
            ["SET", var key, var value, ..] => SetAsync(key, value),
            _ => WriteAsync(http, 400, """{"error":"ERR unknown command"}"""),
        });

        Task SetAsync(string key, string value)
        {
            _values[key] = value;
            return WriteAsync(http, 200, """{"result":"OK"}""");
        }
    }

    private static Task WriteAsync(HttpContext http, int status, string json)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        return http.Response.WriteAsync(json);
    }
}
