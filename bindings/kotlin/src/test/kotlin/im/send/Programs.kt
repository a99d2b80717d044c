package im.send

import java.util.concurrent.CountDownLatch
import kotlin.coroutines.Continuation
import kotlin.coroutines.EmptyCoroutineContext
import kotlin.coroutines.startCoroutine

/** Sends without a coroutine dispatcher, as `suspend fun main` does, and says on which thread it goes on. */
object WithoutDispatcher {
    @JvmStatic
    fun main(arguments: Array<String>) {
        val over = CountDownLatch(1)
        val work = suspend {
            sendIm("a@contoso.com", "hi", Account.of(SENDER, PASSWORD).server(arguments[0]))
            println(Thread.currentThread().name)
        }
        work.startCoroutine(Continuation(EmptyCoroutineContext) { over.countDown() })
        over.await()
    }
}
