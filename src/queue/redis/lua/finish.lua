return finish_all()
