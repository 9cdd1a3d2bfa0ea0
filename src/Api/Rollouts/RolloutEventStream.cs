using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Sluice.Api.Http;
using Sluice.Orchestration.Ports;

namespace Sluice.Api.Rollouts;

/// <summary>
/// The events of one rollout: a JSON page when asked for JSON, else server-sent events (WHATWG HTML §9.2) that follow the rollout to its
/// end. <c>Last-Event-ID</c> goes on after that event.
/// </summary>
internal static class RolloutEventStream
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SilenceAtMost = TimeSpan.FromSeconds(15);

    // Events are appended by activities, so one may arrive a little after a later one.
    private static readonly TimeSpan Overlap = TimeSpan.FromMinutes(2);

    public static async Task<IResult> StreamAsync(Call call, CancellationToken cancellationToken)
    {
        var rollout = await call.DemandRolloutAsync(call.Value("id"), cancellationToken);
        var query = call.Query;
        var limit = query.Integer("limit", 500, 1, 1000);
        var cursor = query.Text("cursor");
        query.ThrowIfFaulty();

        if (call.Http.Request.Headers.Accept.ToString().Contains("application/json", StringComparison.OrdinalIgnoreCase))
        {
            var page = await call.Service<IEventLog>().ListAsync(new EventQuery(RolloutId: rollout.Id, Limit: limit, Cursor: cursor), cancellationToken);
            return TypedResults.Json(page, ApiJson.Options);
        }

        return new Stream(rollout.Id, call.Service<IEventLog>(), call.Service<IDeploymentRegistry>(), call.Service<TimeProvider>());
    }

    private sealed class Stream(string rolloutId, IEventLog events, IDeploymentRegistry registry, TimeProvider time) : IResult, IStatusCodeHttpResult
    {
        private readonly HashSet<string> _sent = [];
        private DateTimeOffset? _newest;

        public int? StatusCode => StatusCodes.Status200OK;

        public async Task ExecuteAsync(HttpContext httpContext)
        {
            // A server that stops does not wait for followers: they come again with Last-Event-ID.
            var stopping = httpContext.RequestServices.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? CancellationToken.None;
            using var ends = CancellationTokenSource.CreateLinkedTokenSource(httpContext.RequestAborted, stopping);
            var cancellationToken = ends.Token;
            httpContext.Response.ContentType = "text/event-stream";
            await httpContext.Response.StartAsync(cancellationToken);
            var skipTo = httpContext.Request.Headers["Last-Event-ID"].ToString();
            var spoke = time.GetTimestamp();
            try
            {
                while (true)
                {
                    // The state is read before the events: what an ended rollout has written is there by then.
                    var ended = (await registry.GetRolloutAsync(rolloutId, cancellationToken))?.Status?.Outcome is not null;
                    var fresh = await FreshAsync(cancellationToken);
                    var known = fresh.FindIndex(e => e.Key == skipTo);
                    foreach (var item in fresh.Skip(known + 1))
                    {
                        await WriteAsync(httpContext.Response, $"id: {item.Key}\nevent: {item.Type}\ndata: {JsonSerializer.Serialize(item, ApiJson.Options)}\n\n", cancellationToken);
                        spoke = time.GetTimestamp();
                    }

                    if (ended && fresh.Count == 0)
                    {
                        await WriteAsync(httpContext.Response, "event: end\ndata: {}\n\n", cancellationToken);
                        return;
                    }

                    if (time.GetElapsedTime(spoke) > SilenceAtMost)
                    {
                        // Proxies close what is silent.
                        await WriteAsync(httpContext.Response, ": alive\n\n", cancellationToken);
                        spoke = time.GetTimestamp();
                    }

                    await Task.Delay(LookEvery, time, cancellationToken);
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // The client left, or the server stops.
            }
        }

        private async Task<List<DeploymentEvent>> FreshAsync(CancellationToken cancellationToken)
        {
            var fresh = new List<DeploymentEvent>();
            string? cursor = null;
            do
            {
                var page = await events.ListAsync(
                    new EventQuery(RolloutId: rolloutId, From: _newest - Overlap, Limit: 500, Cursor: cursor), cancellationToken);
                fresh.AddRange(page.Items.Where(e => _sent.Add(e.Key)));
                cursor = page.Cursor;
            }
            while (cursor is not null);

            _newest = fresh.Select(e => (DateTimeOffset?)e.At).Append(_newest).Max();
            return fresh;
        }

        private static async Task WriteAsync(HttpResponse response, string text, CancellationToken cancellationToken)
        {
            await response.Body.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken);
            await response.Body.FlushAsync(cancellationToken);
        }
    }
}
