using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.Extensions.Logging;

namespace Sluice.Catalog.Tests.Sources;

/// <summary>Plays the servers of all sources on a real socket. What a path answers can be changed at any time.</summary>
internal sealed class ListServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Dictionary<string, RequestDelegate> _answers = [];

    private ListServer(WebApplication app) => _app = app;

    public List<string> Requests { get; } = [];

    public IHeaderDictionary LastHeaders { get; private set; } = new HeaderDictionary();

    public Uri Url(string path) => new(new Uri(_app.Urls.Single()), path);

    public static async Task<ListServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddResponseCompression(options => options.Providers.Add<GzipCompressionProvider>());
        var app = builder.Build();
        var server = new ListServer(app);
        app.UseResponseCompression();
        app.Run(server.AnswerAsync);
        await app.StartAsync();
        return server;
    }

    /// <summary>This path answers with a file.</summary>
    public void File(string path, string file) => On(path, http =>
    {
        http.Response.ContentType = "application/json";
        return http.Response.SendFileAsync(file);
    });

    /// <summary>This path answers with a text.</summary>
    public void Json(string path, string json, int status = 200) => On(path, http =>
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        return http.Response.WriteAsync(json);
    });

    public void On(string path, RequestDelegate answer)
    {
        lock (_answers)
        {
            _answers[path] = answer;
        }
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private Task AnswerAsync(HttpContext http)
    {
        lock (_answers)
        {
            Requests.Add(http.Request.Path + http.Request.QueryString);
            // A copy: the server uses the dictionary again.
            LastHeaders = new HeaderDictionary(http.Request.Headers.ToDictionary());
            if (_answers.TryGetValue(http.Request.Path.Value!, out var answer))
            {
                return answer(http);
            }

            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }
    }
}
