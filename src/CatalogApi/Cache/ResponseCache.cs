using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Sluice.CatalogApi;

/// <summary>
/// Answers by question, kept for a while. Of concurrent callers with the same question one loads; an answer that was being loaded when
/// the cache was refreshed is given to those who waited for it and then forgotten.
/// </summary>
/// <param name="time">Clock of the lifetime.</param>
/// <param name="lifetime">How long an answer is good.</param>
/// <param name="capacity">Answers kept; when one more comes, all are dropped, which bounds memory without bookkeeping.</param>
internal sealed class ResponseCache(TimeProvider time, TimeSpan lifetime, int capacity)
{
    private ConcurrentDictionary<string, Lazy<Task<CachedResponse?>>> _answers = new();

    public TimeSpan Lifetime => lifetime;

    public int Count => Volatile.Read(ref _answers).Count;

    /// <summary>Forgets everything.</summary>
    /// <returns>How many answers were kept.</returns>
    public int Refresh() => Interlocked.Exchange(ref _answers, new()).Count;

    /// <summary>The answer kept, or the one that <paramref name="load"/> finds; null, which is never kept, when there is none.</summary>
    /// <remarks>A load serves every waiting caller, so no single caller's cancellation ends it.</remarks>
    public async Task<CachedResponse?> GetAsync(string question, Func<Task<CachedResponse?>> load)
    {
        var answers = Volatile.Read(ref _answers);
        if (answers.TryGetValue(question, out var kept))
        {
            if (await AwaitAsync(answers, question, kept) is { } answer && answer.Age(time) < lifetime)
            {
                return answer;
            }

            answers.TryRemove(KeyValuePair.Create(question, kept));
        }

        if (answers.Count >= capacity)
        {
            answers.Clear();
        }

        var loading = answers.GetOrAdd(question, new Lazy<Task<CachedResponse?>>(load));
        return await AwaitAsync(answers, question, loading);
    }

    private static async Task<CachedResponse?> AwaitAsync(
        ConcurrentDictionary<string, Lazy<Task<CachedResponse?>>> answers, string question, Lazy<Task<CachedResponse?>> entry)
    {
        CachedResponse? answer = null;
        try
        {
            return answer = await entry.Value;
        }
        finally
        {
            if (answer is null)
            {
                answers.TryRemove(KeyValuePair.Create(question, entry));
            }
        }
    }
}

/// <summary>A JSON body with its entity tag.</summary>
/// <param name="Body">UTF-8 JSON.</param>
/// <param name="LoadedAt">When its data was read.</param>
internal sealed record CachedResponse(byte[] Body, DateTimeOffset LoadedAt)
{
    /// <summary>Strong: the same bytes have the same tag on every replica.</summary>
    public string ETag { get; } = $"\"{Base64Url.EncodeToString(SHA256.HashData(Body).AsSpan(0, 16))}\"";

    public TimeSpan Age(TimeProvider time) => time.GetUtcNow() - LoadedAt;

    /// <summary>Answers 200 with the body, or 304 when the caller has it (RFC 9110 §13.1.2).</summary>
    public Task WriteAsync(HttpContext http, TimeProvider time, TimeSpan lifetime)
    {
        var headers = http.Response.Headers;
        headers.ETag = ETag;
        headers.CacheControl = $"public, max-age={(int)lifetime.TotalSeconds}";
        headers.Age = $"{(int)Math.Max(0, Age(time).TotalSeconds)}";
        if (http.Request.Headers.IfNoneMatch.Any(IsMine))
        {
            http.Response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        http.Response.ContentType = "application/json";
        http.Response.ContentLength = Body.Length;
        return http.Response.Body.WriteAsync(Body, http.RequestAborted).AsTask();
    }

    private bool IsMine(string? tags) => tags!.Split(',', StringSplitOptions.TrimEntries)
        .Any(tag => tag == "*" || tag == ETag || (tag.StartsWith("W/", StringComparison.Ordinal) && tag[2..] == ETag));
}
