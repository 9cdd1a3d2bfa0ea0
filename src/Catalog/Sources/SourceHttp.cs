using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Polly;
using Polly.Retry;

namespace Sluice.Catalog.Sources;

/// <summary>How patient a reading is.</summary>
public sealed record SourceLimits
{
    /// <summary>Longest time for one try: from the request to the last byte.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Tries in all.</summary>
    public int Tries { get; init; } = 3;

    /// <summary>Wait before the second try; doubled before each further one, with jitter.</summary>
    public TimeSpan FirstWait { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait that a server may ask for; a try that would wait longer is not made.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Most bytes of one body, decompressed: no list is nearly as long.</summary>
    public long MostBytes { get; init; } = 64 * 1024 * 1024;
}

/// <summary>
/// GET of JSON as all sources need it: compressed, with a limit on time and size, retried when another try may go well. A key goes to its
/// own host only: no redirect to another is followed.
/// </summary>
public sealed class SourceHttp : IDisposable
{
    private const int MostRedirects = 3;
    private readonly HttpClient _client;
    private readonly SourceLimits _limits;
    private readonly TimeProvider _time;
    private readonly ResiliencePipeline _retry;

    /// <summary>A client with connections of its own.</summary>
    /// <param name="limits">How patient it is.</param>
    /// <param name="time">Clock of the waits and of <see cref="SourceLimits.Timeout"/>.</param>
    public SourceHttp(SourceLimits limits, TimeProvider time)
    {
        _limits = limits;
        _time = time;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.All,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
        _client = new HttpClient(handler) { Timeout = System.Threading.Timeout.InfiniteTimeSpan };
        // models.dev answers 403 to some default user agents.
        _client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("sluice-catalog", typeof(SourceHttp).Assembly.GetName().Version!.ToString(3)));
        _client.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        var builder = new ResiliencePipelineBuilder { TimeProvider = time };
        if (limits.Tries > 1)
        {
            builder.AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = limits.Tries - 1,
                Delay = limits.FirstWait,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                ShouldHandle = new PredicateBuilder().Handle<SourceException>(e => e.MayHeal && (e.RetryAfter ?? TimeSpan.Zero) <= limits.LongestWait),
                DelayGenerator = arguments => ValueTask.FromResult((arguments.Outcome.Exception as SourceException)?.RetryAfter),
            });
        }

        _retry = builder.Build();
    }

    /// <summary>Gets one page and reads it; a try that fails half-way is begun again from the start.</summary>
    /// <param name="url">What to get.</param>
    /// <param name="headers">Headers besides the usual ones, such as a key.</param>
    /// <param name="read">Reads the body while it arrives.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="SourceException">After the last try, or at once when no other can help.</exception>
    internal async Task<T> GetAsync<T>(
        Uri url,
        IReadOnlyDictionary<string, string>? headers,
        Func<SourceBody, CancellationToken, Task<T>> read,
        CancellationToken cancellationToken) =>
        await _retry.ExecuteAsync(async token => await TryAsync(url, headers, read, token), cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private async Task<T> TryAsync<T>(
        Uri url, IReadOnlyDictionary<string, string>? headers, Func<SourceBody, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(_limits.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            using var answer = await SendAsync(url, headers, either.Token);
            if (answer.Content.Headers.ContentLength > _limits.MostBytes)
            {
                throw TooLong(url);
            }

            await using var stream = await answer.Content.ReadAsStreamAsync(either.Token);
            await using var capped = new CappedStream(stream, _limits.MostBytes, () => TooLong(url));
            return await read(new SourceBody(capped, answer.Headers), either.Token);
        }
        catch (OperationCanceledException e) when (patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new SourceException($"{Place(url)} did not send its list within {_limits.Timeout.TotalSeconds:0.##} s.", e) { MayHeal = true };
        }
        catch (JsonException e)
        {
            throw new SourceException($"{Place(url)} sent something that is not JSON, or only a part of it: {e.Message}", e) { MayHeal = true };
        }
        catch (FormatException e)
        {
            throw new SourceException($"{Place(url)} sent JSON of another shape: {e.Message}.", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidDataException)
        {
            throw new SourceException($"{Place(url)} cannot be read: {e.Message}", e) { MayHeal = true };
        }
    }

    private async Task<HttpResponseMessage> SendAsync(Uri url, IReadOnlyDictionary<string, string>? headers, CancellationToken cancellationToken)
    {
        for (var redirects = 0; ; redirects++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            foreach (var (name, value) in headers ?? new Dictionary<string, string>())
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }

            var answer = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            try
            {
                if (answer.StatusCode is not (HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
                    or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect))
                {
                    Check(url, answer);
                    return answer;
                }

                url = Follow(url, answer, redirects);
            }
            catch
            {
                answer.Dispose();
                throw;
            }

            answer.Dispose();
        }
    }

    private static Uri Follow(Uri url, HttpResponseMessage answer, int redirects)
    {
        var target = answer.Headers.Location is { } location ? new Uri(url, location) : null;
        return target is null || target.Scheme != url.Scheme || target.Authority != url.Authority
            ? throw new SourceException($"{Place(url)} points to another host ({target?.Host ?? "nowhere"}), which is not followed: a key may go with it.")
            : redirects < MostRedirects ? target
            : throw new SourceException($"{Place(url)} redirects in a circle.");
    }

    private void Check(Uri url, HttpResponseMessage answer)
    {
        if (answer.StatusCode == HttpStatusCode.OK)
        {
            var type = answer.Content.Headers.ContentType?.MediaType;
            if (type is "text/html" or "application/xhtml+xml")
            {
                throw new SourceException($"{Place(url)} sent a page for people ({type}) instead of JSON.");
            }

            return;
        }

        var status = (int)answer.StatusCode;
        var hint = status switch
        {
            401 or 403 => " Is its key set and right?",
            429 => " It is asked too often.",
            _ => "",
        };
        throw new SourceException($"{Place(url)} answered {status}.{hint}")
        {
            MayHeal = status is 408 or 425 or 429 or >= 500,
            RetryAfter = answer.Headers.RetryAfter switch
            {
                { Delta: { } delta } => delta,
                { Date: { } date } => Max(date - _time.GetUtcNow(), TimeSpan.Zero),
                _ => null,
            },
        };

        static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
    }

    private SourceException TooLong(Uri url) => new($"{Place(url)} sends more than {_limits.MostBytes / (1024 * 1024)} MB.");

    // Without the query: a key could be in it.
    private static string Place(Uri url) => url.GetLeftPart(UriPartial.Path);
}

/// <summary>An answer while it arrives.</summary>
internal sealed record SourceBody(Stream Stream, HttpResponseHeaders Headers);

/// <summary>Reads so many bytes and no more.</summary>
internal sealed class CappedStream(Stream inner, long most, Func<Exception> tooLong) : Stream
{
    private long _read;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _read;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Count(await inner.ReadAsync(buffer, cancellationToken));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => Count(inner.Read(buffer, offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private int Count(int read) => (_read += read) > most ? throw tooLong() : read;
}
